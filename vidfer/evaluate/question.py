"""What a result answers: the options of `vidfer eval` that it depends on."""

from __future__ import annotations

from collections.abc import Mapping

BOTH = ("split", "frames", "seed")
OPTIONS = {
    "classification": BOTH,
    "fewshot": (
        *("novel", "ways", "shots", "queries", "episodes", "curve", "head", "transductive", "other_people"),
        *BOTH,
    ),
}


def question_of(name: str, options: Mapping[str, object]) -> str:
    """The options as one would write them, ``--split test --seed 0``; those that are off are left out.

    Args:
        name: of the result, ``classification`` or ``fewshot``.
        options: values of all options by name.
    """
    said = {option: options[option] for option in OPTIONS[name]}
    return " ".join(
        f"--{option.replace('_', '-')}" + ("" if value is True else f" {_written(value)}")
        for option, value in said.items()
        if value is not None and value is not False and value != ()
    )


def _written(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def difference(there: str, now: str) -> str:
    """What one question has that another has not, and the other way round, in words."""
    options = [[f"--{option}" for option in f" {text}".split(" --")[1:]] for text in (there, now)]
    only = [[o for o in mine if o not in other] for mine, other in (options, options[::-1])]
    return ", not ".join(f"`{' '.join(found)}`" if found else "the default" for found in only)
