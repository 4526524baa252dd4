"""What the run folder around a checkpoint says about the clips that the network has seen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vidfer.data.splits import check_subjects_disjoint
from vidfer.errors import VidferError
from vidfer.evaluate.result import Result
from vidfer.runs.data_record import domains_of
from vidfer.store.reader import CropCache

STARTED_FROM = ("init", "teacher")
"""Settings that name a checkpoint whose own run has seen clips, too."""

ORIGIN = dict.fromkeys(("train", "val", "test"), "cache_hash") | {"unlabelled": "unlabelled_cache_hash"}
"""Part of a run's split -> where ``data.json`` says which cache its clips are of."""

SEEN = ("train", "val", "unlabelled")
"""Parts that a run was trained or chosen on."""


@dataclass(frozen=True, kw_only=True)
class Witness:
    """A run as seen from one cache; all lists are indices into it, empty where the run used another cache."""

    name: str
    settings: dict
    """Empty without a run folder."""
    data: dict
    """``data.json``; empty without a run folder."""
    parts: dict[str, list[int]]
    """``train``, ``val`` and ``test`` of the run's own split, and ``unlabelled``."""
    held_out: list[int] | None
    """In cross-validation: labelled clips of the fold under test, of all classes. None otherwise."""
    seen: list[int]
    """Clips that this run, or one that it started from, was trained or chosen on."""
    elsewhere: frozenset[str]
    """Ids of the clips that they have seen in other caches."""
    doubts: tuple[str, ...]

    @property
    def fold(self) -> dict:
        """What results say about the fold; nothing outside cross-validation."""
        fold = self.data.get("fold", {}) if self.held_out is not None else {}
        return (
            {"fold": fold["name"], "folds": fold["of"], "division_hash": fold["division_hash"]}
            if fold
            else {}
        )

    def check_unseen(self, cache: CropCache, measured: Sequence[int], what: str) -> None:
        """Raise a VidferError if the run has seen one of the clips, or somebody in them.

        Args:
            cache: the one that the witness was called for.
            measured: indices into it.
            what: they are, such as ``the novel clips``.
        """
        both = sorted({*measured} & {*self.seen})
        if both:
            raise VidferError(
                f"the run {self.name} was trained or chosen on {len(both)} of {what} of {cache.path}, such "
                f"as '{cache.clips[both[0]].id}'; name --split test, or a cache of other clips"
            )
        check_subjects_disjoint(cache, {"the clips that the run has seen": self.seen, what: measured})

    def disjoint_by(self, cache: CropCache, measured: Sequence[int]) -> str:
        """How far the clips are known to be none that were trained or chosen on: by ``subject``, by ``clip``,
        ``not known``; or ``nothing``, if they are such clips."""
        if {*measured} & {*self.seen}:
            return "nothing"
        if not self.seen or self.doubts:
            return "not known"
        known = all(cache.clips[i].subject is not None for i in (*self.seen, *measured))
        return "subject" if known else "clip"

    def testify(self, result: Result, cache: CropCache, measured: Sequence[int]) -> Result:
        """The result with what is known, and what is not, of the run having seen its clips."""
        doubts = list(self.doubts)
        if not self.data:
            doubts.append(
                "no run folder around the checkpoint: whether it was trained on these clips is not known"
            )
        same = sum(row["clip"] in self.elsewhere for row in result.rows)
        if same:
            doubts.append(
                f"{same} of these clips have the ids of clips that the run has seen, from another cache"
            )
        said = {"disjoint_by": self.disjoint_by(cache, measured), **self.fold}
        note = "; ".join(filter(None, (result.note, *doubts)))
        return replace(result, protocol=result.protocol | said, note=note)


def call_witness(checkpoint: Path, cache: CropCache, info: dict) -> Witness:
    """What is known about a checkpoint, ``runs/x/checkpoints/best``, seen from a cache.

    Args:
        checkpoint: its folder; without a run folder around it nothing is known.
        cache: an open crop cache.
        info: what the checkpoint was saved with.

    Raises:
        VidferError: a checkpoint of cross-validation whose run folder, which knows the fold, is not there.
    """
    run = Path(checkpoint).resolve().parent.parent
    data, settings = _read(run / "data.json"), _read(run / "settings.json")
    if "fold" in info and "fold" not in data:
        raise VidferError(
            f"{checkpoint} was trained on all but fold {info['fold']}, and data.json of its run, which says "
            "which clips that are, is not there; measure it inside its run folder"
        )
    parts = _positions(cache, data)
    held_out = None
    if "fold" in data and data["cache_hash"] == cache.content_hash:
        place = {clip.id: i for i, clip in enumerate(cache.clips)}
        held_out = [place[clip_id] for clip_id in data["fold"]["held_out"]]
    records, doubts = [data], []
    for name, start in _starts(settings):
        records.append(_read(start / "data.json"))
        if not records[-1]:
            doubts.append(f"--{name} had no run folder: what clips it has seen is not known")
    seen = {i for record in records for name in SEEN for i in _positions(cache, record)[name]}
    return Witness(
        name=run.name,
        settings=settings,
        data=data,
        parts=parts,
        held_out=held_out,
        seen=sorted(seen),
        elsewhere=frozenset(clip for record in records for clip in _elsewhere(cache, record)),
        doubts=tuple(doubts),
    )


def _starts(settings: dict) -> list[tuple[str, Path]]:
    """The option and the run folder of every checkpoint that a run started from, and that those started from.

    A name is as it was on the command line, and looked for from where the command runs now.
    """
    found: list[tuple[str, Path]] = []
    waiting = [settings]
    while waiting:
        of = waiting.pop()
        for name in STARTED_FROM:
            if of.get(name):
                run = Path(of[name]).resolve().parent.parent
                if run not in (folder for _, folder in found):
                    found.append((name, run))
                    waiting.append(_read(run / "settings.json"))
    return found


def _read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _positions(cache: CropCache, data: dict) -> dict[str, list[int]]:
    """The run's own parts as indices into the cache, as far as they are clips of this cache."""
    place = {clip.id: i for i, clip in enumerate(cache.clips)}
    # Ids of a run's own split mean something in its own cache only.
    return {
        name: [
            place[clip_id]
            for domain in domains_of(data)
            if domain.get(key) == cache.content_hash
            for clip_id in domain[name]
        ]
        for name, key in ORIGIN.items()
    }


def _elsewhere(cache: CropCache, data: dict) -> Iterator[str]:
    """Ids of the clips that a run has seen in other caches than this one."""
    for domain in domains_of(data):
        for name in SEEN:
            if domain.get(ORIGIN[name]) != cache.content_hash:
                yield from domain[name]
