"""Other labels, subjects and splits for the clips of a cache, without decoding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np

from vidfer.build.file_copy import copy_file
from vidfer.build.label_table import LabelTable
from vidfer.build.new_cache import new_cache, writing
from vidfer.build.verify import record_faults
from vidfer.errors import VidferError
from vidfer.files import replace_durably
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip
from vidfer.store.schema import content_hash
from vidfer.store.select import positions_of
from vidfer.store.skeleton import LIBVER


@dataclass(frozen=True)
class Relabelled:
    """What relabelling came to."""

    n_changed: int
    """Clips."""
    changes: dict[tuple[str, str | None, str | None], int]
    """Number of clips for each (column, old value, new value)."""
    content_hash: str


def relabel_cache(
    cache: CropCache,
    table: LabelTable,
    out: Path | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Relabelled:
    """Give clips the labels, subjects and splits of a table; the crops stay byte for byte.

    The file is copied by the file system, which on Btrfs, XFS and others shares the bytes and takes no time;
    the copy gets the new columns and then takes the place of ``out``. A cache is never changed where it
    lies: whoever reads it at this moment, and whoever kills this process, has the old cache or the new one.

    Args:
        cache: the cache.
        table: the new values; an id that the cache lacks is an error.
        out: where to write; None puts it in the place of ``cache``, if anything changes at all.
        overwrite: replace ``out`` if it is there.
        progress: called with the megabytes copied and the number of all.

    Returns:
        What changed. The content hash is that of a cache which was built with these labels.

    Raises:
        VidferError: for ids that are not there, a damaged clip table, and what keeps ``out`` from being
            written.
    """
    _check_records(cache)
    values = dict(zip(positions_of(cache, list(table.rows), table.file), table.rows.values()))
    records = [_with(clip, values.get(position, {})) for position, clip in enumerate(cache.clips)]
    changes = Counter(
        (column, getattr(old, column), getattr(new, column))
        for old, new in zip(cache.clips, records)
        for column in table.columns
        if getattr(old, column) != getattr(new, column)
    )
    n_changed = sum(old.hash != new.hash for old, new in zip(cache.clips, records))
    if not n_changed and out is None:
        return Relabelled(0, {}, cache.content_hash)
    target = out or cache.path.resolve()  # a link to the cache stays one
    with new_cache(out, [cache.path], overwrite) if out else writing(target):
        content = _write(cache, records, table.columns, target, progress)
    return Relabelled(n_changed, dict(changes), content)


def _with(clip: CachedClip, values: dict[str, str | None]) -> CachedClip:
    record = replace(clip, **values)
    return replace(record, hash=record.fingerprint())


def _check_records(cache: CropCache) -> None:
    """New hashes over a damaged clip table would pass the damage off as what was written."""
    records, whole = record_faults(cache)
    if records or whole:
        raise VidferError(
            f"the clip table or the settings of {cache.path} are damaged; `vidfer verify {cache.path}` says "
            f"where, and with --repair mends it"
        )


def _write(
    cache: CropCache,
    records: Sequence[CachedClip],
    table_columns: Sequence[str],
    out: Path,
    progress: Callable[[int, int], None] | None,
) -> str:
    temporary = out.with_name(out.name + ".tmp")
    temporary.unlink(missing_ok=True)  # of a killed process
    try:
        copy_file(cache.path, temporary, progress)
        copy = CropCache(temporary)
        copy.close()
        if copy.content_hash != cache.content_hash:
            raise VidferError(f"{cache.path} was replaced by another cache at this moment; start again")
        with h5py.File(temporary, "r+", libver=LIBVER, locking=False) as file:
            for column in (*table_columns, "hash"):
                _write_column(file["clips"], column, [getattr(record, column) or "" for record in records])
            content = content_hash(cache.header, [record.hash for record in records])
            file.attrs["content_hash"] = content
        replace_durably(temporary, out)
    finally:
        temporary.unlink(missing_ok=True)
    return content


def _write_column(group: h5py.Group, name: str, texts: Sequence[str]) -> None:
    """Overwrite a column; only one that has become too narrow gets a new place in the file."""
    values = [text.encode("utf-8", "replace") for text in texts]
    longest = max(1, *map(len, values))
    wide = max(longest, group[name].dtype.itemsize)
    column = np.array(values, h5py.string_dtype("utf-8", wide))
    if longest <= group[name].dtype.itemsize:
        group[name][:] = column
    else:
        del group[name]
        group.create_dataset(name, data=column)
