"""Some clips of a cache as a cache of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vidfer.build.join import Progress
from vidfer.build.rewrite_cache import check_out, rewrite_cache
from vidfer.build.stored_clips import StoredClip
from vidfer.errors import SettingError
from vidfer.store.reader import CropCache


def export_clips(
    cache: CropCache,
    positions: Sequence[int],
    out: Path,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> str:
    """Copy clips into a cache of their own without decoding. Every byte is checked on the way.

    Args:
        cache: where the clips lie.
        positions: the clips to copy.
        out: the new cache; it is complete or as it was before. It may be the file of ``cache`` itself.
        overwrite: replace ``out`` if it exists.
        progress: called with the number of clips copied and the number of all.

    Returns:
        The content hash: that of a cache which was built of these clips alone.

    Raises:
        SettingError: there is no clip to copy, or ``out`` exists and shall not be replaced.
        CacheError, DiskError: as :func:`vidfer.build.rewrite_cache.rewrite_cache`.
    """
    if not len(positions):
        raise SettingError(f"no clip of {cache.path} would be left; to drop all clips, delete the file")
    check_out(out, overwrite)
    clips = [StoredClip(cache.records[index], cache.path, index) for index in positions]
    header = replace(cache.header, shard=None)  # some clips of a shard are no share of its list
    return rewrite_cache(cache, clips, header, out, progress)
