"""Some clips of a cache as a cache of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from vidfer.build.join import StoredClip, concatenate
from vidfer.build.new_cache import new_cache, writing
from vidfer.errors import VidferError
from vidfer.store.reader import CropCache


def export_clips(
    cache: CropCache,
    chosen: Sequence[int],
    out: Path | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> str:
    """Copy clips into a cache of their own without decoding; every byte is checked on the way.

    Args:
        cache: where they are.
        chosen: their positions.
        out: the new cache, which is there whole or as it was; None puts it in the place of ``cache``.
        overwrite: replace ``out`` if it is there.
        progress: called with the number of clips copied and the number of all.

    Returns:
        The content hash, that of a cache which was built of these clips alone.

    Raises:
        VidferError: when no clip is chosen, ``out`` cannot be written or is ``cache``, or a chosen clip is
            damaged.
    """
    if not len(chosen):
        raise VidferError(f"no clip of {cache.path} would be left; to be rid of them all, delete the file")
    target = out or cache.path.resolve()  # a link to the cache stays one
    with new_cache(out, [cache.path], overwrite) if out else writing(target):
        if CropCache(cache.path).content_hash != cache.content_hash:
            raise VidferError(f"{cache.path} was replaced by another cache at this moment; start again")
        pairs = [(cache.clips[index], StoredClip(cache.path, index)) for index in chosen]
        return concatenate(pairs, cache.header, target, progress)
