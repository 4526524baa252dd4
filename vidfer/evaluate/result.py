"""The result file: a number, and with it everything that it was measured on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

from vidfer import __version__
from vidfer.errors import ResultError
from vidfer.evaluate.intervals import Interval
from vidfer.evaluate.migrate import SCHEMA_VERSION, upgrade
from vidfer.evaluate.result_check import check_result
from vidfer.files import write_text

if TYPE_CHECKING:
    from vidfer.store.records import CachedClip


@dataclass(frozen=True, kw_only=True)
class Result:
    """One evaluation. Shares are 0..1. :func:`evaluate_split` and :func:`evaluate_fewshot` make it."""

    kind: str
    """``classification`` or ``few-shot``."""
    measures: dict[str, Interval]
    """By name. A result is quoted by the first one. Classification: ``WAR``, ``UAR``. Few-shot: ``accuracy``
    over episodes and ``accuracy over clips``. Where subjects are known also ``... over subjects``."""
    chance: float
    """The accuracy of guessing."""
    seed: int
    split: str
    classes: tuple[str, ...]
    n_clips: int
    n_without_face: int
    """Clips without a face, of the ``n_clips``; they count as wrong in every measure."""
    n_subjects: int | None
    """None where subjects are not known."""
    sources: tuple[str, ...]
    """Data sets of the clips; ``actors`` are drawn faces, not people."""
    cache: str
    """Name of the cache file."""
    cache_hash: str
    checkpoint_hash: str
    protocol: dict[str, int | str | bool]
    """How it was measured. All results: ``n_frames``; ``base_classes``, which were trained on;
    ``disjoint_by``, how surely the network has not seen these clips
    (:meth:`vidfer.runs.provenance.Provenance.disjoint_by`); ``request``, the options of `vidfer eval`.
    Few-shot: ``ways``, ``shots``, ``queries``, ``person_disjoint``, ``episodes``, ``episodes_hash``
    (:meth:`vidfer.evaluate.episodes.Episodes.hash`), ``head``, ``inference`` (``inductive`` or
    ``transductive``), ``seen_classes``, novel classes whose labels the weights have seen, where there are
    any. Late fusion: ``fused``, the checkpoints. Cross-validation: ``fold`` (3/10), ``folds``, and
    ``division_hash`` of all of them; results of all folds together have no ``fold``."""
    per_class: list[dict]
    """For every class: ``class``, ``clips``, ``n_queries``, ``accuracy`` (recall), and ``without_face``, the
    queries about a clip without a face."""
    confusion: list[list[int]]
    """(C, C + 1) queries: rows true classes, columns answers, the last column clips without a face."""
    rows: list[dict]
    """For every clip: ``clip``, ``subject``, ``label``, ``has_face``, ``n_queries``, how often it was a query
    (once in a classification), ``accuracy``. Classification: ``predicted`` and its ``probability``. Few-shot:
    ``confused_with``, the most frequent wrong answer; ``answers``, how often each answer was given;
    ``jackknife_influence`` (:mod:`vidfer.evaluate.jackknife_influence`; not in files of an older vidfer)."""
    curve: list[dict] = field(default_factory=list)
    """Few-shot accuracy against shots: ``shots``, ``mean``, ``low``, ``high``, ``episodes``; ``over_clips``,
    the interval over subjects or clips (not in results of all folds, nor in files of an earlier vidfer)."""
    identity_overlap: dict[str, int] | None = None
    """Few-shot, not person-disjoint, where subjects are known. ``same_queries``: queries whose subject is
    also in a support clip of their class; ``same_right`` of them are right. ``other_queries``: queries whose
    subject is in no support clip of the episode; ``other_right`` of them are right."""
    note: str = ""
    """What a reader must know besides, in words: clips that were left out, facts that are not known."""
    vidfer_version: str = __version__
    schema_version: int = SCHEMA_VERSION

    @property
    def transductive(self) -> bool:
        """Whether the queries of an episode were scored together."""
        return self.protocol.get("inference") == "transductive"

    @property
    def person_disjoint(self) -> bool:
        """Whether no query shows a subject of the support clips of its episode."""
        return bool(self.protocol.get("person_disjoint"))

    @property
    def seen_text(self) -> str:
        """Which of its novel classes the weights have seen, in words; empty if none was."""
        seen = self.protocol.get("seen_classes")
        return f"no measure of unseen expressions: the weights have seen {seen}" if seen else ""

    @property
    def task(self) -> str:
        """The kind of episode: ``3-way 3-shot``, ``3-way 3-shot transductive``."""
        task = f"{self.protocol['ways']}-way {self.protocol['shots']}-shot"
        task += " transductive" if self.transductive else ""
        return task + (" person-disjoint" if self.person_disjoint else "")

    @property
    def support_fixed(self) -> bool:
        """Whether its intervals over clips, and those of differences, treat the support clips as fixed.

        This is so in few-shot files of an earlier vidfer, which lack ``jackknife_influence``. Such intervals
        are too narrow.
        """
        return self.kind == "few-shot" and not all("jackknife_influence" in row for row in self.rows)

    @property
    def pooled(self) -> bool:
        """Whether it joins the results of all folds of a cross-validation."""
        return "folds" in self.protocol and "fold" not in self.protocol

    @property
    def main(self) -> Interval:
        """The measure by which the result is quoted."""
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
            seen = f"; {self.seen_text}" if self.seen_text else ""
            return f"few-shot {self.task}: {100 * main.mean:.1f} %{half} ({where}{counted}; {chance}{seen})"
        parts = []
        for name in ("WAR", "UAR"):
            m = self.measures[name]
            ends = "" if m.low is None else f" [{100 * m.low:.1f}, {100 * m.high:.1f}]"
            parts.append(f"{name} {100 * m.mean:.1f} %{ends}")
        subjects = "" if self.n_subjects is None else f" of {self.n_subjects} subjects"
        return f"{self.split}: {', '.join(parts)} ({where}{self.n_clips} clips{subjects}; {chance})"

    def identity_overlap_text(self) -> str:
        """How often a query shows a subject of the support, in words; empty where this never happens."""
        overlap = self.identity_overlap
        if not overlap or not overlap["same_queries"]:
            return ""
        same, other = overlap["same_queries"], overlap["other_queries"]
        share = same / sum(sum(row) for row in self.confusion)
        text = (
            f"{same:,} queries ({100 * share:.1f} %) show a subject who is also in the support of the class: "
            f"{100 * overlap['same_right'] / same:.1f} % right"
        )
        if not other:
            return f"{text}; no query shows a subject outside the support"
        right = 100 * overlap["other_right"] / other
        return (
            f"{text}; {other:,} show a subject who is not in the support: {right:.1f} % right "
            "(--person-disjoint measures such queries only)"
        )

    def save(self, path: Path) -> None:
        """Write the result as JSON; the file is there whole or not at all."""
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False)
        write_text(Path(path), text + "\n")


def load_result(path: Path) -> Result:
    """Read a result file, also one of an earlier vidfer.

    Raises:
        ResultError: no such file, not a result file, or one of a newer vidfer.
    """
    path = Path(path)
    try:
        values = json.loads(path.read_text("utf-8"), parse_constant=_refuse_constant)
        values = upgrade(values) if isinstance(values, dict) else {}
    except OSError as error:
        raise ResultError(
            f"cannot read result file {path}: {error.strerror}; `vidfer eval` writes one"
        ) from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ResultError(
            f"{path} is not a result file ({error}); make it again with `vidfer eval`"
        ) from error
    version = values.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ResultError(
            f"{path} is a result file of schema {version}, this vidfer reads {SCHEMA_VERSION}; "
            "make it again with `vidfer eval`"
        )
    known = {f.name for f in fields(Result)}
    if set(values) != known:
        odd = ", ".join(sorted(set(values) ^ known))
        raise ResultError(f"{path} is not a whole result file ({odd}); make it again with `vidfer eval`")
    try:
        check_result(values)
    except ValueError as error:
        raise ResultError(f"{path} is damaged: {error}; make it again with `vidfer eval`") from error
    values["measures"] = {name: Interval(**measure) for name, measure in values["measures"].items()}
    for name in ("classes", "sources"):
        values[name] = tuple(values[name])
    return Result(**values)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def describe_clips(clips: Sequence[CachedClip], has_face: Sequence[bool]) -> dict:
    """The fields of a :class:`Result` that describe its clips."""
    subjects = {clip.subject for clip in clips}
    return {
        "n_clips": len(clips),
        "n_without_face": len(clips) - int(sum(has_face)),
        "n_subjects": None if None in subjects else len(subjects),
        "sources": tuple(sorted({clip.source for clip in clips})),
    }
