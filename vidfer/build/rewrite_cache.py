"""Writing a cache that is made of finished ones: never over another by accident; complete, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from vidfer.build.join import Progress, concatenate
from vidfer.build.lock import sole_writer
from vidfer.build.parts_folder import PartsFolder
from vidfer.build.stored_clips import StoredClip
from vidfer.errors import CacheError, DiskError, SettingError
from vidfer.files import is_disk_full
from vidfer.store.reader import CropCache
from vidfer.store.schema import Header


def check_out(out: Path, overwrite: bool) -> None:
    """Raise SettingError when ``out`` is a folder, or exists and ``overwrite`` is False."""
    if out.is_dir():
        raise SettingError(f"{out} is a folder; name the file to write, such as {out / 'new.h5'}")
    if out.exists() and not overwrite:
        raise SettingError(f"{out} exists already; give another --out, or --overwrite to replace it")


def rewrite_cache(
    cache: CropCache, clips: Sequence[StoredClip], header: Header, out: Path, progress: Progress | None = None
) -> str:
    """Write clips of a cache, under the same or other descriptions, without decoding. Every byte is checked.

    Args:
        cache: where the clips lie.
        clips: those to write.
        header: settings, versions and shard to write.
        out: the new cache, which may be the file of ``cache`` itself. It is replaced when the new file is
            complete; until then there must be free space for both.
        progress: called with the number of clips copied and the number of all.

    Returns:
        The content hash: that of a cache which was built of these clips, under these descriptions.

    Raises:
        CacheError: a clip is damaged, the cache was replaced by another one meanwhile, or another process
            writes ``out``.
        DiskError: the disk is full, or ``out`` cannot be written.
    """
    target = out.resolve()  # a link to a cache stays one
    with writing(target):
        if CropCache(cache.path).content_hash != cache.content_hash:
            raise CacheError(f"{cache.path} was replaced by another cache in this moment; start again")
        return concatenate(clips, header, target, progress)


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Hold the lock of ``out``, and report a full or broken disk as one error.

    Raises:
        CacheError: another process writes ``out``.
        DiskError: the disk is full, or ``out`` cannot be written.
    """
    parts = PartsFolder.beside(out)
    try:
        with sole_writer(parts.folder, out):
            try:
                yield
            finally:
                parts.remove_if_empty()
    except (OSError, RuntimeError) as error:  # HDF5 raises both
        what = f"the disk is full ({error})" if is_disk_full(error) else f"cannot write {out} ({error})"
        raise DiskError(
            f"{what}; {out} is as it was before. Free some space or give another --out, then start again"
        ) from error
