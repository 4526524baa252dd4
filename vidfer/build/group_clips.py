"""Small pictures are read in groups: a worker searches many of them at once, and writes one part of them."""

from __future__ import annotations

from collections.abc import Sequence

from vidfer.build.build_task import ClipToRead
from vidfer.clips.media import is_image

SMALL_BYTES = 2**18
"""A picture in a larger file is read alone."""
GROUP_BYTES = 2**21
GROUP_CLIPS = 64
"""A group has at most so many bytes and clips: a tenth of a second to a few seconds of work, which is what a
kill loses."""
GROUPS_A_WORKER = 8
"""With few pictures, groups are smaller, so that all workers end at about the same time."""


def group_clips(todo: Sequence[ClipToRead], n_workers: int) -> list[list[ClipToRead]]:
    """Divide clips into jobs for workers: first those of one clip each in the given order, then the groups.

    Groups are made in order of the ids, which is the order of the cache: so joining reads each part once.
    """
    small = sorted((one for one in todo if _is_small(one)), key=lambda one: one[1].id)
    most = max(1, min(GROUP_CLIPS, len(small) // (GROUPS_A_WORKER * n_workers)))
    groups: list[list[ClipToRead]] = []
    n_bytes = 0
    for one in small:
        n_bytes += one[1].file_size
        if not groups or len(groups[-1]) == most or n_bytes > GROUP_BYTES:
            groups.append([])
            n_bytes = one[1].file_size
        groups[-1].append(one)
    return [[one] for one in todo if not _is_small(one)] + groups


def _is_small(one: ClipToRead) -> bool:
    clip, record = one
    return record.file_size <= SMALL_BYTES and is_image(clip.path)
