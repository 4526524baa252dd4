"""What building a cache came to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from vidfer.store.reader import CropCache

STAGES = ("decode", "find", "cut", "encode", "write", "join")
"""The stages of work whose time is reported, in order."""


@dataclass(frozen=True, kw_only=True)
class BuildReport:
    """What building a cache came to."""

    out: Path
    """The cache; of a shard not the one that was named, but one beside it."""
    n_clips: int
    """Clips in the cache, with those that could not be read, without other faces."""
    n_others: int
    """Faces beside the main ones, with ``--face all``. They are clips of their own, not counted above."""
    n_new: int
    """Clips that were read now. The others were there from an earlier start."""
    n_without_face: int
    """Clips that were read and show no face in any frame."""
    n_frames: int
    """Frames of all clips, with those that show no face."""
    seconds: float
    """Time that the build took."""
    stage_s: dict[str, float]
    """Seconds of each stage of work, summed over the worker processes."""
    n_new_frames: int
    """Frames of the clips that were read now, for the speed."""
    failures: list[tuple[str, str]]
    """Id and reason of every clip that could not be read at all."""
    cut_short: list[tuple[str, str]]
    """Id and reason of every clip that could be read only up to a damaged place."""
    content_hash: str
    """SHA-256 over all clips, 64 hex digits; the same for the same content."""


def report_build(out: Path, new_ids: Collection[str], seconds: float, stage_s: dict) -> BuildReport:
    """Count what a finished cache holds.

    Args:
        out: the cache.
        new_ids: the clips that were read now.
        seconds: time that the build took.
        stage_s: seconds of each stage of work.
    """
    cache = CropCache(out)
    mains = [clip for clip in cache.clips if not clip.track_index]
    cache.close()
    return BuildReport(
        out=out,
        n_clips=len(mains),
        n_others=len(cache) - len(mains),
        n_new=len(new_ids),
        n_without_face=sum(bool(clip.n_frames and not clip.n_faces) for clip in mains),
        n_frames=sum(clip.n_frames for clip in mains),
        n_new_frames=sum(clip.n_frames for clip in mains if clip.id in new_ids),
        seconds=seconds,
        stage_s=stage_s,
        failures=[(clip.id, clip.reason) for clip in mains if clip.reason and not clip.n_frames],
        cut_short=[(clip.id, clip.reason) for clip in mains if clip.reason and clip.n_frames],
        content_hash=cache.content_hash,
    )
