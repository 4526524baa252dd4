"""What is built, and how."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from vidfer.build.parts_folder import PartsFolder
from vidfer.build.settings import BuildSettings
from vidfer.clips.clip import Clip
from vidfer.crops.settings import CropSettings
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header

ClipToRead = tuple[Clip, CachedClip]
"""A clip, and its record as it was when the work was planned."""


@dataclass(frozen=True, kw_only=True)
class BuildTask:
    """The cache that shall be there in the end, and how its clips are read.

    It can be sent to other processes.
    """

    out: Path
    """The cache; of a shard not the one that was named, but one beside it."""
    header: Header
    """Settings and versions of the cache, and which shard it is."""
    crop_settings: CropSettings
    build_settings: BuildSettings
    device: str
    """Where the nets run: ``cpu``, ``cuda``, ``cuda:1``."""
    n_workers: int
    """Worker processes of this process."""
    n_cores: int
    """Cores that they may use."""

    @property
    def parts(self) -> PartsFolder:
        """The folder of finished clips."""
        return PartsFolder.beside(self.out)


def cores_per_process(n_processes: int) -> int:
    """Cores for each of ``n_processes`` processes of this machine."""
    return max(1, len(os.sched_getaffinity(0)) // n_processes)
