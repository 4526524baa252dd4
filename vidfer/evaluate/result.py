"""The result file: a number never travels without what it was measured on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

from vidfer import __version__
from vidfer.errors import VidferError
from vidfer.evaluate.intervals import Interval
from vidfer.files import write_text

if TYPE_CHECKING:
    from vidfer.store.records import CachedClip

SCHEMA_VERSION = 1
LATER = {"same_person": None}
"""Fields that files of an older vidfer do not have."""
ANYBODY, OTHER_PEOPLE = "anybody", "other people"
"""Whose the queries of an episode are: also of those among its examples, or not."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One evaluation. Shares are 0..1. Made by :func:`evaluate_split` and :func:`evaluate_fewshot`."""

    kind: str
    """``classification`` or ``few-shot``."""
    measures: dict[str, Interval]
    """By name; the first is the main one. Classification: ``WAR``, ``UAR``. Few-shot: ``accuracy`` over
    episodes and ``accuracy over clips``. Where subjects are known also ``… over subjects``."""
    chance: float
    """What guessing gets."""
    seed: int
    split: str
    classes: tuple[str, ...]
    n_clips: int
    n_without_face: int
    """Of the ``n_clips``; they are in every denominator and always wrong."""
    n_subjects: int | None
    """None where subjects are not known."""
    sources: tuple[str, ...]
    """Where the clips come from; ``actors`` are drawn, not people."""
    cache: str
    """Name of the cache file."""
    cache_hash: str
    checkpoint_hash: str
    protocol: dict[str, int | str]
    """Few-shot: ``ways``, ``shots``, ``queries``, ``queries_of`` (not in files of an older vidfer),
    ``episodes``, ``episodes_hash``, ``head``, ``inference``
    (``inductive`` or ``transductive``). The episodes are those of ``seed``; the hash is over the clips' ids
    and every position drawn (:meth:`vidfer.evaluate.episodes.Episodes.hash`). Both: ``n_frames``;
    ``base_classes``, what was trained on; ``disjoint_by``, how far the clips are known to be none that were
    trained on: by ``subject``, by ``clip``, ``not known``, ``nothing``. In cross-validation: ``fold`` (3/10),
    ``folds``, and ``division_hash`` of all of them; pooled results have no ``fold``. ``asked``: options of
    `vidfer eval` that it depends on."""
    per_class: list[dict]
    """For every class: ``class``, ``clips``, ``asked``, ``without_face`` of these, ``accuracy`` (recall)."""
    confusion: list[list[int]]
    """(C, C + 1) counts of questions: rows true, columns answered, the last one for clips without a face."""
    rows: list[dict]
    """For every clip: ``clip``, ``subject``, ``label``, ``has_face``, ``asked``, ``accuracy``.
    Classification: ``predicted`` and its ``probability``. Few-shot: ``confused_with``, the most frequent
    wrong answer; ``answers``, how often it was taken for what; ``on_others``, what it does to the answers
    about others, from the even and the odd episodes (:mod:`vidfer.evaluate.influence`; not in files of an
    older vidfer)."""
    curve: list[dict] = field(default_factory=list)
    """Few-shot accuracy against shots: ``shots``, ``mean``, ``low``, ``high``, ``episodes``; ``beyond``, the
    interval over subjects, or clips (not in pooled results, nor in files of an older vidfer)."""
    same_person: dict[str, int] | None = None
    """Few-shot, of anybody, where people are known: ``asked``, queries of a person who is also among the
    examples of the class, and ``right``; ``others_asked``, of one who is among none, and ``others_right``."""
    note: str = ""
    """What was left out, in words."""
    vidfer_version: str = __version__
    schema_version: int = SCHEMA_VERSION

    @property
    def transductive(self) -> bool:
        """Whether the queries of an episode were judged together."""
        return self.protocol.get("inference") == "transductive"

    @property
    def queries_of(self) -> str:
        """``anybody``, or ``other people`` than those among the examples of the episode."""
        return self.protocol.get("queries_of", ANYBODY)

    @property
    def task(self) -> str:
        """What was asked in an episode: ``3-way 3-shot transductive, of other people``."""
        task = f"{self.protocol['ways']}-way {self.protocol['shots']}-shot"
        task += " transductive" if self.transductive else ""
        return task + ("" if self.queries_of == ANYBODY else f", of {self.queries_of}")

    @property
    def examples_as_given(self) -> bool:
        """Whether its intervals over clips, and those of its differences, do not know that other clips would
        also be other examples, and are too narrow: in few-shot files of an older vidfer."""
        return self.kind == "few-shot" and not all("on_others" in row for row in self.rows)

    @property
    def pooled(self) -> bool:
        """Whether it is of all folds of a cross-validation together."""
        return "folds" in self.protocol and "fold" not in self.protocol

    @property
    def main(self) -> Interval:
        """The measure that the result is quoted by."""
        return next(iter(self.measures.values()))

    def summary(self) -> str:
        """The result in one line.

        ``few-shot 3-way 3-shot: 61.2 % ± 1.1 (600 episodes over 54 clips, seed 0; chance 33.3 %)``, or
        ``test: WAR 55.2 % [50.1, 60.2], UAR 51.0 % [46.2, 55.9] (383 clips of 12 subjects; chance 14.3 %)``.
        """
        where = "synthetic actors, " if "actors" in self.sources else ""
        chance = f"chance {100 * self.chance:.1f} %"
        if self.kind == "few-shot":
            main = self.main
            half = "" if main.low is None else f" ± {100 * (main.high - main.low) / 2:.1f}"
            counted = f"{main.n} episodes over {self.n_clips} clips, seed {self.seed}"
            return f"few-shot {self.task}: {100 * main.mean:.1f} %{half} ({where}{counted}; {chance})"
        parts = []
        for name in ("WAR", "UAR"):
            m = self.measures[name]
            ends = "" if m.low is None else f" [{100 * m.low:.1f}, {100 * m.high:.1f}]"
            parts.append(f"{name} {100 * m.mean:.1f} %{ends}")
        people = "" if self.n_subjects is None else f" of {self.n_subjects} subjects"
        return f"{self.split}: {', '.join(parts)} ({where}{self.n_clips} clips{people}; {chance})"

    def owed_to_knowing_who(self) -> str:
        """In words, how often a query is of a person who is among its examples; nothing where none is."""
        counts = self.same_person
        if not counts or not counts["asked"]:
            return ""
        share = counts["asked"] / sum(sum(row) for row in self.confusion)
        text = (
            f"{counts['asked']:,} queries ({100 * share:.1f} %) are of a person who is also an example of "
            f"the class: {100 * counts['right'] / counts['asked']:.1f} % right"
        )
        if not counts["others_asked"]:
            return f"{text}; no query is of anybody who is not among the examples"
        others = 100 * counts["others_right"] / counts["others_asked"]
        return (
            f"{text}; {counts['others_asked']:,} are of people who are no examples: {others:.1f} % right "
            "(--other-people asks for such only)"
        )

    def save(self, path: Path) -> None:
        """Write the result as JSON; the file is there whole or not at all."""
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False)
        write_text(Path(path), text + "\n")


def load_result(path: Path) -> Result:
    """Read a result file.

    Raises:
        VidferError: no such file, not a result file, or one of another schema version.
    """
    path = Path(path)
    try:
        values = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise VidferError(
            f"cannot read result file {path}: {error.strerror}; `vidfer eval` writes one"
        ) from error
    except ValueError as error:
        raise VidferError(
            f"{path} is not a result file ({error}); make it again with `vidfer eval`"
        ) from error
    version = values.get("schema_version") if isinstance(values, dict) else None
    if version != SCHEMA_VERSION:
        raise VidferError(
            f"{path} is a result file of schema {version}, this vidfer reads {SCHEMA_VERSION}; "
            "make it again with `vidfer eval`"
        )
    values = LATER | values
    known = {f.name for f in fields(Result)}
    if set(values) != known:
        odd = ", ".join(sorted(set(values) ^ known))
        raise VidferError(f"{path} is not a whole result file ({odd}); make it again with `vidfer eval`")
    values["measures"] = {name: Interval(**measure) for name, measure in values["measures"].items()}
    for name in ("classes", "sources"):
        values[name] = tuple(values[name])
    return Result(**values)


def describe_clips(clips: Sequence[CachedClip], has_face: Sequence[bool]) -> dict:
    """The fields of a :class:`Result` that say what kind of clips it is about."""
    subjects = {clip.subject for clip in clips}
    return {
        "n_clips": len(clips),
        "n_without_face": len(clips) - int(sum(has_face)),
        "n_subjects": None if None in subjects else len(subjects),
        "sources": tuple(sorted({clip.source for clip in clips})),
    }
