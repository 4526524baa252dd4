"""Learns expressions of a visitor's own from a few examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidfer.app.limits import Limits
from vidfer.app.visits import Visit
from vidfer.errors import DataError
from vidfer.infer.predictor import Predictor
from vidfer.infer.support.in_words import METHOD, NO_BACKGROUND
from vidfer.infer.support.open_support import open_support
from vidfer.infer.support.settings import BACKGROUND, NONE_OF_THESE
from vidfer.infer.support.support_file import SUFFIX

NEUTRAL = "neutral"
"""The name under which faces are given that show none of the expressions."""
MOST_EXAMPLES = 60
WARNING = "warning: "
NO_OTHERS = f"nothing is known of false alarms; give faces of the same people under “{NONE_OF_THESE}”"
FILE = f"my_expressions{SUFFIX}"


@dataclass(frozen=True, kw_only=True)
class Taught:
    """Own expressions that were learned."""

    classes: tuple[str, ...]
    file: Path
    """For `vidfer predict --support`; it holds no pictures."""
    facts: tuple[str, ...]
    """What is to be expected of them, in sentences."""
    warnings: tuple[str, ...]
    """What should be mended."""


def teach(
    given: Sequence[tuple[str, Sequence[Path]]],
    none_of_these: Sequence[Path],
    predictor: Predictor,
    visit: Visit,
    limits: Limits,
    progress: Callable[[float, str], None] = lambda share, text: None,
) -> Taught:
    """Learn expressions, which the visitor can then choose for a film.

    Args:
        given: name of each expression and its examples; a row without both is left out.
        none_of_these: faces that show none of them; may be empty.
        predictor: whose network sees the examples.
        visit: whose expressions they are.
        limits: larger or longer examples are refused.
        progress: is told the share of the work that is done, 0..1, and what is done now.

    Raises:
        DataError: there are fewer than two expressions with a name and an example, or an example cannot be
            used.
        Stopped: the visitor wants no more.
    """
    examples: dict[str, list[Path]] = {}
    for name, paths in ((" ".join(name.split()), paths) for name, paths in given):
        if paths and not name:
            raise DataError(f"the examples {', '.join(p.name for p in paths[:3])} have no name; write one")
        if name and not paths:
            raise DataError(f"'{name}' has no example; add one, or clear its name")
        if name.casefold() in {other.casefold() for other in examples}:
            raise DataError(f"two expressions have the name '{name}'; give each one its own")
        if name.casefold() in {*BACKGROUND, NONE_OF_THESE}:
            raise DataError(
                f"'{name}' is a face that shows none of the expressions; give its examples under "
                f"“{NONE_OF_THESE}”, or choose another name"
            )
        if name:
            examples[name] = list(paths)
    if len(examples) < 2:
        raise DataError("name two expressions or more, and give a few examples of each")
    if none_of_these:
        examples[NEUTRAL] = list(none_of_these)
    n_examples = sum(map(len, examples.values()))
    if n_examples > MOST_EXAMPLES:
        raise DataError(
            f"these are {n_examples} examples, and this app takes {MOST_EXAMPLES}; use the command "
            "`vidfer learn`, which has no limit"
        )
    for path in (path for paths in examples.values() for path in paths):
        limits.check(path)

    def step(done: int, total: int) -> None:
        visit.check()
        progress(0.95 * done / max(1, total), f"looking at example {done} of {total}")

    visit.check()
    progress(0.0, "opening the examples")
    about = predictor.classifier.about
    network = {"checkpoint": about["name"]} if about.get("kind") == "network" else {}
    classifier, said = open_support(examples, device=predictor.device, progress=step, **network)
    own = Predictor(classifier, device=predictor.device, films=predictor.films, windows=predictor.windows)
    file = visit.new_folder("own") / FILE
    own.save(file)
    visit.own, visit.examples = own, {path for paths in examples.values() for path in paths}
    return Taught(
        classes=classifier.support.classes,
        file=file,
        facts=tuple(line for line in said if not line.startswith((WARNING, METHOD))),
        warnings=tuple(
            NO_OTHERS if line.endswith(NO_BACKGROUND) else line.removeprefix(WARNING)
            for line in said
            if line.startswith(WARNING)
        ),
    )
