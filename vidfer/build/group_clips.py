"""Small clips are read in groups: a worker searches many of them at once, and writes few parts of them."""

from __future__ import annotations

from collections.abc import Sequence

from vidfer.build.build_task import ClipToRead
from vidfer.clips.media import VIDEO_SUFFIXES

SMALL_BYTES = 2**18
"""A picture in a larger file, and a larger folder of frames, is read alone."""
VIDEO_BYTE = 4
"""A byte of a video counts as so many of pictures: it holds more frames. The records say no more of a clip,
and opening it would cost as much as reading it."""
GROUP_BYTES = 2**21
GROUP_CLIPS = 64
"""A group has at most so many bytes and clips: about a second of work for most data sets. A worker writes it
in several parts where it is more (:mod:`vidfer.build.make_group`)."""
GROUPS_A_WORKER = 8
"""With few small clips, groups are smaller, so that all workers end at about the same time."""


def group_clips(todo: Sequence[ClipToRead], n_workers: int) -> list[list[ClipToRead]]:
    """Divide clips into jobs for workers: first those of one clip each in the given order, then the groups.

    Groups are made in order of the ids, which is the order of the cache: so joining reads each part once.
    """
    small, large = [], []
    for one in todo:
        (small if _weight(one) <= SMALL_BYTES else large).append(one)
    small.sort(key=lambda one: one[1].id)
    most = max(1, min(GROUP_CLIPS, len(small) // (GROUPS_A_WORKER * n_workers)))
    groups: list[list[ClipToRead]] = []
    n_bytes = 0
    for one in small:
        n_bytes += _weight(one)
        if not groups or len(groups[-1]) == most or n_bytes > GROUP_BYTES:
            groups.append([])
            n_bytes = _weight(one)
        groups[-1].append(one)
    return [[one] for one in large] + groups


def _weight(one: ClipToRead) -> int:
    """Bytes of the file, or of the frames in a folder, as if all were pictures."""
    clip, record = one
    return record.file_size * (VIDEO_BYTE if clip.path.suffix.lower() in VIDEO_SUFFIXES else 1)
