"""The request behind a result: the options of `vidfer eval` that the result depends on."""

from __future__ import annotations

from vidfer.errors import SettingError
from vidfer.evaluate.eval_protocol import EvalProtocol

OF_BOTH = ("split", "frames", "seed")
OPTIONS = {
    "classification": OF_BOTH,
    "fewshot": (
        *("novel", "ways", "shots", "queries", "episodes", "curve", "head", "transductive"),
        *("person_disjoint", "allow_seen", *OF_BOTH),
    ),
}
"""Name of a result -> the fields of :class:`EvalProtocol` that it depends on."""


def check_has_effect(protocol: EvalProtocol) -> None:
    """Raise a SettingError if an option of few-shot episodes is given and no novel class."""
    if protocol.novel:
        return
    for option in OPTIONS["fewshot"]:
        if option not in OF_BOTH and getattr(protocol, option) != getattr(EvalProtocol, option):
            raise SettingError(
                f"--{option.replace('_', '-')} is about few-shot episodes, of which there are none without "
                f"--novel: name novel classes with it, or leave the option out"
            )


def eval_request(name: str, protocol: EvalProtocol) -> str:
    """The options as a user types them, ``--split test --seed 0``; options that are off are left out.

    Args:
        name: of the result, ``classification`` or ``fewshot``.
        protocol: of the evaluation.
    """
    values = {option: getattr(protocol, option) for option in OPTIONS[name]}
    return " ".join(
        f"--{option.replace('_', '-')}" + ("" if value is True else f" {_words(value)}")
        for option, value in values.items()
        if value is not None and value is not False and value != ()
    )


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def request_difference(before: str, now: str) -> str:
    """The options in which two requests differ: ```--shots 1`, not `--shots 2```."""
    options = [[f"--{option}" for option in f" {text}".split(" --")[1:]] for text in (before, now)]
    only = [[o for o in own if o not in other] for own, other in (options, options[::-1])]
    return ", not ".join(f"`{' '.join(found)}`" if found else "the default" for found in only)
