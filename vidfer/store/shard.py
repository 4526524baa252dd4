"""A share of a list of clips, such as one job of many makes, and what its cache says about it."""

from __future__ import annotations

import hashlib
import heapq
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vidfer.errors import VidferError
from vidfer.store.schema import canonical_json

if TYPE_CHECKING:
    import h5py

    from vidfer.store.records import CachedClip

BYTES_PER_SECOND = 200_000
"""Of video, to compare clips that are a span of a longer video with those that are a whole file."""


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Which share of which clips a cache has."""

    index: int
    """1 to ``count``."""
    count: int
    total_clips: int
    """Clips of all shards together."""
    list_hash: str
    """SHA-256 over what decided the shares: shards of one list have equal ones."""


def parse_shard(text: str) -> tuple[int, int]:
    """``2/8`` as (2, 8).

    Raises:
        VidferError: for anything else than a number between 1 and the second one.
    """
    found = re.fullmatch(r"(\d+)/(\d+)", text.strip())
    index, count = map(int, found.groups()) if found else (0, 0)
    if not 1 <= index <= count:
        raise VidferError(f"--shard is '{text}'; give one of n shares such as 1/8, 2/8 and so on to 8/8")
    return index, count


def shard_path(out: Path, index: int, count: int) -> Path:
    """Where a shard of the cache ``out`` is kept: ``afew.h5`` becomes ``afew.2of8.h5``."""
    return out.with_name(f"{out.stem}.{index}of{count}{out.suffix}")


def choose_shard(records: Sequence[CachedClip], index: int, count: int) -> tuple[Shard, set[str]]:
    """The share of one of ``count`` jobs that do not talk with each other, and the ids of its clips.

    Raises:
        VidferError: when there are fewer clips than shares.
    """
    if len(records) < count:
        raise VidferError(
            f"--shard {index}/{count}: there are only {len(records)} clips, so at most as many shards"
        )
    records = sorted(records, key=lambda record: record.id)
    lengths = [length_of(record) for record in records]
    value = [[record.id, length] for record, length in zip(records, lengths)]
    list_hash = hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()
    share = share_out(lengths, count)[index - 1]
    shard = Shard(index=index, count=count, total_clips=len(records), list_hash=list_hash)
    return shard, {records[i].id for i in share}


def length_of(record: CachedClip) -> int:
    """How long reading a clip takes, in bytes of video."""
    if record.end_s is None:
        return record.file_size
    return round((record.end_s - (record.start_s or 0.0)) * BYTES_PER_SECOND)


def share_out(lengths: Sequence[int], count: int) -> list[list[int]]:
    """Positions of the lengths in ``count`` shares of nearly equal sum, each from the longest down.

    The longest goes first, each to the share that has least by then; equal shares get equal numbers of clips.
    """
    shares: list[list[int]] = [[] for _ in range(count)]
    least = [(0, 0, share) for share in range(count)]
    for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        total, n, share = heapq.heappop(least)
        shares[share].append(i)
        heapq.heappush(least, (total + lengths[i], n + 1, share))
    return shares


def write_shard(file: h5py.File, shard: Shard | None) -> None:
    """Write the root attributes of a shard; a whole cache has none."""
    if shard:
        file.attrs["shard_index"] = shard.index
        file.attrs["shard_count"] = shard.count
        file.attrs["shard_total_clips"] = shard.total_clips
        file.attrs["shard_list_hash"] = shard.list_hash


def read_shard(file: h5py.File) -> Shard | None:
    """Which shard a cache is; None for a whole one. Damaged attributes raise KeyError or ValueError."""
    attrs = file.attrs
    if "shard_index" not in attrs:
        return None
    return Shard(
        index=int(attrs["shard_index"]),
        count=int(attrs["shard_count"]),
        total_clips=int(attrs["shard_total_clips"]),
        list_hash=str(attrs["shard_list_hash"]),
    )
