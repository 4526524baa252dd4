"""What a checkpoint was trained on: its run folder, and those of the runs it started from, know the clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidfer.data.splits import check_subjects_disjoint
from vidfer.errors import DataError, RunError
from vidfer.names import id_key
from vidfer.runs.data_record import domains_of
from vidfer.runs.read_run import given_to, read_record, run_of
from vidfer.store.reader import CropCache

STARTED_FROM = ("init", "teacher")
"""Settings that name a checkpoint. The run starts from it, so the clips of its run count as seen, too."""

CACHE_OF_PART = dict.fromkeys(("train", "val", "test"), "cache_hash") | {
    "unlabelled": "unlabelled_cache_hash"
}
"""Part of a run's split -> the key of ``data.json`` with the hash of the cache that its clips are in."""

SEEN = ("train", "val", "unlabelled")
"""Parts on which a run trains its network or chooses its checkpoint."""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """The clips that a checkpoint has seen, from the view of one cache.

    All lists hold positions in this cache. They are empty where the run used another cache.
    """

    run_name: str
    settings: dict
    """Empty without a run folder."""
    data: dict
    """``data.json``; empty without a run folder."""
    parts: dict[str, list[int]]
    """``train``, ``val``, ``test`` and ``unlabelled`` of the split that the run made."""
    held_out: list[int] | None
    """Labelled clips of the fold under test, of all classes. None outside cross-validation."""
    seen: list[int]
    """Clips that this run, or a run that it started from, has trained or chosen on."""
    seen_elsewhere: frozenset[str]
    """Ids of the clips that these runs have seen in other caches."""
    warnings: tuple[str, ...]
    """What cannot be known, in words."""

    @property
    def fold(self) -> dict:
        """The fold as a result file records it; empty outside cross-validation."""
        if self.held_out is None:
            return {}
        fold = self.data["fold"]
        return {"fold": fold["name"], "folds": fold["of"], "division_hash": fold["division_hash"]}

    def check_unseen(self, cache: CropCache, clips: Sequence[int], what: str) -> None:
        """Refuse to measure clips, or subjects, that the network has seen.

        Args:
            cache: the one that the provenance was read for.
            clips: positions in it.
            what: what the clips are, for the message, such as ``the novel clips``.

        Raises:
            DataError: a clip or a subject was seen.
        """
        both = sorted({*clips} & {*self.seen})
        if both:
            raise DataError(
                f"the run {self.run_name} was trained or chosen on {len(both)} of {what} of {cache.path}, "
                f"such as '{cache.clips[both[0]].id}'; name --split test, or a cache of other clips"
            )
        check_subjects_disjoint(cache, {"the clips that the run has seen": self.seen, what: clips})

    def disjoint_by(self, cache: CropCache, clips: Sequence[int]) -> str:
        """How surely the network has not seen these clips.

        Returns:
            ``subject``: none of their subjects was seen. ``clip``: none of the clips was seen. ``not known``:
            no run folder can tell. ``nothing``: some of the clips were seen.
        """
        if {*clips} & {*self.seen}:
            return "nothing"
        if not self.seen or self.warnings:
            return "not known"
        known = all(cache.clips[i].subject is not None for i in (*self.seen, *clips))
        return "subject" if known else "clip"

    def record(self, cache: CropCache, clips: Sequence[int]) -> dict:
        """The entries of a result file about these clips: how disjoint they are, and the fold."""
        return {"disjoint_by": self.disjoint_by(cache, clips), **self.fold}

    def warnings_about(self, cache: CropCache, clips: Sequence[int]) -> list[str]:
        """What a reader of a result on these clips must know, in words."""
        warnings = list(self.warnings)
        if not self.data:
            warnings.append(
                "the checkpoint is in no run folder: whether it was trained on these clips is not known"
            )
        elsewhere = {*map(id_key, self.seen_elsewhere)}
        # A clip that was seen here is no question of other caches: measuring it was asked for.
        same = sum(id_key(cache.clips[i].id) in elsewhere for i in {*clips} - {*self.seen})
        if same:
            warnings.append(
                f"{same} of these clips have the ids of clips that the run has seen in another cache"
            )
        return warnings


def read_provenance(checkpoint: Path, cache: CropCache, info: dict) -> Provenance:
    """Read what a checkpoint was trained on, from the view of a cache.

    Args:
        checkpoint: its folder, ``runs/x/checkpoints/best``; outside a run folder nothing is known.
        cache: an open crop cache.
        info: what the checkpoint was saved with.

    Raises:
        RunError: a checkpoint of cross-validation without its run folder, which alone knows the fold; or a
            damaged file in a run folder.
    """
    run = run_of(checkpoint)
    data, settings = read_record(run, "data"), read_record(run, "settings")
    if "fold" in info and "fold" not in data:
        raise RunError(
            f"{checkpoint} was trained on all clips but those of fold {info['fold']}; which these are is in "
            f"{run / 'data.json'}, which is not there; measure the checkpoint inside its run folder"
        )
    held_out = None
    if "fold" in data and data["cache_hash"] == cache.content_hash:
        position = {clip.id: i for i, clip in enumerate(cache.clips)}
        held_out = [position[clip_id] for clip_id in data["fold"]["held_out"]]
    records, warnings = [data], []
    for option, start in _starts(run, settings):
        records.append(read_record(start, "data"))
        if not records[-1]:
            warnings.append(f"the checkpoint of --{option} is in no run folder: its clips are not known")
    seen = {i for record in records for part in SEEN for i in _positions(cache, record)[part]}
    return Provenance(
        run_name=run.name,
        settings=settings,
        data=data,
        parts=_positions(cache, data),
        held_out=held_out,
        seen=sorted(seen),
        seen_elsewhere=frozenset(clip for record in records for clip in _ids_elsewhere(cache, record)),
        warnings=tuple(warnings),
    )


def _starts(run: Path, settings: dict) -> list[tuple[str, Path]]:
    """The checkpoints that a run started from, and those that their runs started from: option, run folder."""
    found: list[tuple[str, Path]] = []
    waiting = [(run, settings)]
    while waiting:
        later, of = waiting.pop()
        for option in STARTED_FROM:
            if of.get(option):
                start = run_of(given_to(later, of, of[option]))
                if start not in (folder for _, folder in found):
                    found.append((option, start))
                    waiting.append((start, read_record(start, "settings")))
    return found


def _positions(cache: CropCache, data: dict) -> dict[str, list[int]]:
    """Each part of the run's split as positions in the cache; clips of other caches are left out."""
    position = {clip.id: i for i, clip in enumerate(cache.clips)}
    # An id names a clip of its own cache only: another cache may have another clip of this id.
    return {
        part: [
            position[clip_id]
            for domain in domains_of(data)
            if domain.get(key) == cache.content_hash
            for clip_id in domain[part]
        ]
        for part, key in CACHE_OF_PART.items()
    }


def _ids_elsewhere(cache: CropCache, data: dict) -> Iterator[str]:
    """Ids of the clips that a run has seen in other caches than this one."""
    for domain in domains_of(data):
        for part in SEEN:
            if domain.get(CACHE_OF_PART[part]) != cache.content_hash:
                yield from domain[part]
