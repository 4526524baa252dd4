"""Joining clips of parts and of caches into one cache, without decoding them."""

from __future__ import annotations

import errno
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from vidfer.build.parts_folder import PartsFolder
from vidfer.build.stored_clips import ClipFiles, DamagedClip, StoredClip
from vidfer.errors import DataError
from vidfer.files import bytes_on_disk, replace_durably
from vidfer.store.reader import CropCache
from vidfer.store.schema import Header
from vidfer.store.writer import CacheWriter, preallocate

SYNC_BYTES = 256 << 20
"""Parts are deleted each time that so much has been copied and has reached the disk."""

Progress = Callable[[int, int], None]


def concatenate(
    clips: Sequence[StoredClip],
    header: Header,
    out: Path,
    progress: Progress | None = None,
    *,
    parts: PartsFolder | None = None,
) -> str:
    """Write one cache of clips that lie in parts or other caches of the same settings. Every byte is checked.

    Args:
        clips: where each clip lies, and how the new cache describes it. Its id may be a new one.
        header: settings, versions and shard to write.
        out: the cache. At any moment it is complete, or as it was before.
        progress: called with the number of clips copied and the number of all.
        parts: a folder of parts. The cache is then joined in a file in this folder, and a part is deleted as
            soon as its clips have safely arrived there: joining needs no room for a second copy. Joining
            that is cut short leaves the file, and the next start continues with it.

    Returns:
        The content hash. It depends on the clips and the settings alone, not on the files they came from.

    Raises:
        DataError: two clips have the same id.
        DamagedClip: the bytes of some clips do not match their hashes. With ``parts`` all others have been
            copied by then.
        OSError: the disk is full, or the file cannot be written. ``out`` is as it was.
    """
    files = ClipFiles(header)
    temporary = out.with_name(out.name + ".tmp")
    try:
        laid_out, sizes = _lay_out(sorted(clips, key=lambda stored: stored.record.id), files)
        target = _joined_file(parts, laid_out, header) if parts else temporary
        _check_free_space(target, laid_out, sizes, parts)
        if not (parts and target.exists()):
            preallocate(temporary, header, [stored.record for stored in laid_out], sizes)
            if parts:
                replace_durably(temporary, target)
        _copy_all(laid_out, sizes, files, target, parts, progress)
        finished = CropCache(target)
        finished.close()
        replace_durably(target, out)
    finally:
        files.close()
        temporary.unlink(missing_ok=True)
    return finished.content_hash


def _lay_out(clips: Sequence[StoredClip], files: ClipFiles) -> tuple[list[StoredClip], list[int]]:
    """The clips with their records as they will stand in the new cache, and the bytes of their crops."""
    laid_out: list[StoredClip] = []
    sizes: list[int] = []
    damaged: dict[str, StoredClip] = {}
    first_frame, id_before = 0, None
    for stored in clips:
        wanted = stored.record
        if wanted.id == id_before:
            raise DataError(
                f"two clips have the id '{wanted.id}', one of them is in {stored.path}; rename one of them"
            )
        id_before = wanted.id
        try:
            found, size = files.describe(stored)
        except DamagedClip as error:
            damaged |= error.damaged
            continue
        record = replace(found, id=wanted.id, first_frame=first_frame).described_as(wanted)
        laid_out.append(replace(stored, record=record))
        sizes.append(size)
        first_frame += record.n_frames
    if damaged:
        raise DamagedClip(damaged)
    return laid_out, sizes


def _joined_file(parts: PartsFolder, clips: Sequence[StoredClip], header: Header) -> Path:
    """The file in which an earlier start began to join exactly these clips, or the name of a new one.

    An earlier file with other clips stays: it may hold clips whose parts are deleted.
    """
    records = [stored.record for stored in clips]
    for path in parts.joined_files():
        cache = CropCache(path)
        is_same = (cache.header, list(cache.records)) == (header, records)
        cache.close()
        if is_same:
            return path
    return parts.new_joined_file()


def _check_free_space(
    target: Path, clips: Sequence[StoredClip], sizes: Sequence[int], parts: PartsFolder | None
) -> None:
    """Raise OSError before the disk is full. Parts that are deleted on the way count as free space."""
    n_bytes, longest = 0, 0
    for stored, size in zip(clips, sizes):
        size += 100 * stored.record.n_frames
        longest = max(longest, size)
        if not (parts and stored.path.parent == parts.folder):
            n_bytes += size
    if parts:
        n_bytes += min(SYNC_BYTES + longest, sum(sizes) - n_bytes)
        n_bytes -= bytes_on_disk(target)
    if shutil.disk_usage(target.parent).free < n_bytes:
        raise OSError(errno.ENOSPC, f"No space left for {n_bytes / 1e6:.0f} MB more")


def _copy_all(
    clips: Sequence[StoredClip],
    sizes: Sequence[int],
    files: ClipFiles,
    target: Path,
    parts: PartsFolder | None,
    progress: Progress | None,
) -> None:
    """Copy all clips into ``target``. Clips that are there already are only checked."""
    writer = CacheWriter(target)
    n_waiting = Counter(stored.path for stored in clips)
    arrived: list[Path] = []
    damaged: dict[str, StoredClip] = {}
    first_byte = unsynced_bytes = 0
    try:
        for n_done, (stored, size) in enumerate(zip(clips, sizes), 1):
            try:
                if stored.path == target:
                    files.check(stored)
                else:
                    files.copy(stored, writer, first_byte)
                n_waiting[stored.path] -= 1
            except DamagedClip as error:
                if not parts:
                    raise
                damaged |= error.damaged
            first_byte += size
            if parts and parts.is_part(stored.path) and not n_waiting[stored.path]:
                arrived.append(stored.path)
                unsynced_bytes += size
                if unsynced_bytes >= SYNC_BYTES:
                    writer.sync()
                    _delete(arrived)
                    unsynced_bytes = 0
            if progress:
                progress(n_done, len(clips))
        writer.sync()
    finally:
        writer.close()
    if damaged:
        raise DamagedClip(damaged)


def _delete(parts: list[Path]) -> None:
    """Delete parts whose clips are safe elsewhere."""
    for path in parts:
        path.unlink()
    parts.clear()
