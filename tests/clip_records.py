"""The records of a cache without crops, for tests of who goes where; real caches would take a minute."""

from dataclasses import dataclass
from pathlib import Path

from vidfer.store.records import CachedClip


@dataclass
class ClipRecords:
    """As much of a cache as its division needs."""

    path: Path
    clips: tuple[CachedClip, ...]
    spelling_notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.clips)


def record_clips(path: Path, clips: list[dict]) -> ClipRecords:
    """Records of clips with one frame and a face, each given by the fields that differ."""
    made = (
        CachedClip(path=clip["id"], crops_hash=clip["id"], n_frames=1, n_faces=1, **clip) for clip in clips
    )
    return ClipRecords(path, tuple(made))
