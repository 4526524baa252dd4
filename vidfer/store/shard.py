"""What the cache of a shard says about itself: which share of which list of clips it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import h5py


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Which share of which clips a cache has."""

    index: int
    """1 to ``count``."""
    count: int
    total_clips: int
    """Clips of all shards together."""
    list_hash: str
    """SHA-256 over what decided the shares. Shards of one list have equal hashes."""


def write_shard(file: h5py.File, shard: Shard | None) -> None:
    """Write the root attributes of a shard. A whole cache has none."""
    if shard:
        file.attrs["shard_index"] = shard.index
        file.attrs["shard_count"] = shard.count
        file.attrs["shard_total_clips"] = shard.total_clips
        file.attrs["shard_list_hash"] = shard.list_hash


def read_shard(file: h5py.File) -> Shard | None:
    """Which shard a cache is; None for a whole one.

    Raises:
        KeyError, ValueError: an attribute is damaged.
    """
    attrs = file.attrs
    if "shard_index" not in attrs:
        return None
    return Shard(
        index=int(attrs["shard_index"]),
        count=int(attrs["shard_count"]),
        total_clips=int(attrs["shard_total_clips"]),
        list_hash=str(attrs["shard_list_hash"]),
    )
