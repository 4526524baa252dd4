"""The whole frames of a cached clip. The cache has only crops, so they are read from the video."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from vidfer.clips.named_path import NamedPaths
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.decode.video import read_chunks
from vidfer.errors import DataError
from vidfer.names import id_key
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip

LONGEST_PX = 640
"""Longest side of the frames that are kept: there may be many, and they are shown small."""

SAME_TIME_S = 2e-3
"""Times that differ by less count as equal: containers round them to a millisecond."""


@dataclass
class WholeFrames:
    """Some frames of a clip, as they are in the video now."""

    images: dict[int, np.ndarray] = field(default_factory=dict)
    """Frame number in the cache to uint8 (h, w, 3) RGB; large frames are made smaller."""
    width: int = 0
    height: int = 0
    """Size of the frames before they were made smaller. Boxes and landmarks are in these pixels."""
    note: str = ""
    """Why this may not be the video that the cache was made from; else empty."""


def find_video(root: Path, clip: CachedClip) -> Path:
    """The video below ``root`` whose path ends most like that of the clip; a file, or a folder of frames.

    Raises:
        DataError: there is no such folder, nothing below it has this name, or two files fit equally well.
    """
    if not root.is_dir():
        raise DataError(f"there is no folder {root}; give the folder of the videos with --root")
    parts = PurePosixPath(clip.path).parts
    below = NamedPaths(root)
    for first in range(len(parts)):
        if path := below.find("/".join(parts[first:])):
            return path
    found: dict[int, list[Path]] = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            if id_key(name) == id_key(parts[-1]):
                path = Path(folder, name)
                found.setdefault(_common_end(path.parts, parts), []).append(path)
    if not found:
        raise DataError(
            f"nothing below {root} has the name {parts[-1]} of the video of '{clip.id}'; give another --root"
        )
    best = found[max(found)]
    if len(best) > 1:
        raise DataError(
            f"both {best[0]} and {best[1]} may be the video of '{clip.id}'; give the --root with which the "
            f"cache was made"
        )
    return best[0]


def read_whole_frames(cache: CropCache, index: int, path: Path, wanted: np.ndarray) -> WholeFrames:
    """Decode a clip again as for the cache, and keep some frames. They are matched by their times.

    Args:
        cache: where the clip is.
        index: its position.
        path: its video.
        wanted: (k,) numbers of the frames to keep.
    """
    clip, cached_s = cache.clips[index], cache.frames(index).times_s
    settings = cache.settings
    frames, times_s = WholeFrames(), []
    try:
        for chunk in read_chunks(
            path,
            start_s=clip.start_s,
            end_s=clip.end_s,
            max_frames=settings.get("max_frames"),
            fps=settings.get("fps"),
        ):
            frames.height, frames.width = chunk.images.shape[1:3]
            for frame in wanted:
                nearest = int(np.abs(chunk.times_s - cached_s[frame]).argmin())
                if abs(chunk.times_s[nearest] - cached_s[frame]) < SAME_TIME_S:
                    frames.images[int(frame)] = _smaller(chunk.images[nearest])
            times_s.append(chunk.times_s)
    except UnreadableVideo as error:
        if not clip.reason:
            frames.note = f"the video cannot be read any more, or not to its end: {error.reason}"
    frames.note = frames.note or _difference(np.concatenate(times_s or [[]]), cached_s)
    return frames


def _difference(times_s: np.ndarray, cached_s: np.ndarray) -> str:
    """How the frames of the video differ from those in the cache; empty if they do not."""
    if len(times_s) != len(cached_s):
        return f"the video has {len(times_s)} frames now, the cache {len(cached_s)}: it is not the same file"
    apart = np.abs(times_s - cached_s) >= SAME_TIME_S
    if apart.any():
        return (
            f"{apart.sum()} of {len(times_s)} frames have other times in the cache: it is not the same file"
        )
    return ""


def _smaller(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    scale = LONGEST_PX / max(height, width)
    if scale >= 1:
        return image.copy()  # a view would keep its whole chunk in memory
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _common_end(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many components two paths have in common, counted from their ends."""
    same = [a == b for a, b in zip(reversed(one), reversed(other))]
    return same.index(False) if False in same else len(same)
