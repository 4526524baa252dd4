"""Dividing clips into shares of nearly equal length: for the shards of a cache, and for processes."""

from __future__ import annotations

import heapq
import re
from collections.abc import Sequence
from pathlib import Path

from vidfer.errors import SettingError
from vidfer.store.canonical_json import json_hash
from vidfer.store.records import CachedClip
from vidfer.store.shard import Shard

BYTES_PER_SECOND = 200_000
"""Bytes of a second of video, for comparing a span of a long video with a video that is read whole."""


def parse_shard(text: str) -> tuple[int, int]:
    """``2/8`` as (2, 8).

    Raises:
        SettingError: the text is something else, or the first number is not between 1 and the second.
    """
    found = re.fullmatch(r"(\d+)/(\d+)", text.strip())
    index, count = map(int, found.groups()) if found else (0, 0)
    if not 1 <= index <= count:
        raise SettingError(f"--shard is '{text}'; name one of n shards, such as 1/8, 2/8 and so on to 8/8")
    return index, count


def shard_path(out: Path, index: int, count: int) -> Path:
    """The file of a shard of the cache ``out``: ``afew.h5`` becomes ``afew.2of8.h5``."""
    return out.with_name(f"{out.stem}.{index}of{count}{out.suffix}")


def choose_shard(records: Sequence[CachedClip], index: int, count: int) -> tuple[Shard, set[str]]:
    """One of ``count`` shares of a list of clips, and the ids of its clips.

    The shares follow from the list alone: jobs that do not know of each other agree on them.

    Raises:
        SettingError: there are fewer clips than shares.
    """
    if len(records) < count:
        raise SettingError(
            f"--shard {index}/{count}: there are only {len(records)} clips; make at most as many shards"
        )
    records = sorted(records, key=lambda record: record.id)
    lengths = [length_of(record) for record in records]
    share = share_out(lengths, count)[index - 1]
    shard = Shard(
        index=index,
        count=count,
        total_clips=len(records),
        list_hash=json_hash([[record.id, length] for record, length in zip(records, lengths)]),
    )
    return shard, {records[i].id for i in share}


def length_of(record: CachedClip) -> int:
    """How much work reading a clip is, in bytes of video."""
    if record.end_s is None:
        return record.file_size
    return round((record.end_s - (record.start_s or 0.0)) * BYTES_PER_SECOND)


def share_out(lengths: Sequence[int], count: int) -> list[list[int]]:
    """Divide positions of ``lengths`` into ``count`` shares of nearly equal sum, each from the longest down.

    The longest one goes first, and each goes to the share with the least sum so far. Of shares with equal
    sums the one with fewest positions gets it.
    """
    shares: list[list[int]] = [[] for _ in range(count)]
    least = [(0, 0, share) for share in range(count)]
    for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        total, n, share = heapq.heappop(least)
        shares[share].append(i)
        heapq.heappush(least, (total + lengths[i], n + 1, share))
    return shares
