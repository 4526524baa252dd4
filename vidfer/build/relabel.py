"""Other labels, subjects and splits for the clips of a cache, without decoding."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from vidfer.build.join import Progress
from vidfer.build.label_table import LabelTable
from vidfer.build.rewrite_cache import check_out, rewrite_cache
from vidfer.build.stored_clips import StoredClip
from vidfer.store.reader import CropCache
from vidfer.store.select import positions_of


@dataclass(frozen=True)
class RelabelReport:
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
    progress: Progress | None = None,
) -> RelabelReport:
    """Give clips the labels, subjects and splits of a table. Crops are copied, and every byte is checked.

    A cache never changes where it lies: a new file takes its place when it is complete. Programs that read
    the cache, and whoever kills this process, have the old cache or the new one.

    Args:
        cache: the cache.
        table: the new values.
        out: the new cache. None replaces ``cache``, if anything changes at all.
        overwrite: replace ``out`` if it exists.
        progress: called with the number of clips copied and the number of all.

    Returns:
        What has changed. The content hash is that of a cache which was built with these labels.

    Raises:
        DataError: the cache lacks a clip of the table.
        SettingError: ``out`` exists and shall not be replaced.
        CacheError, DiskError: as :func:`vidfer.build.rewrite_cache.rewrite_cache`.
    """
    new_values = dict(zip(positions_of(cache, list(table.rows), table.file), table.rows.values()))
    clips = [
        StoredClip(replace(clip, **new_values.get(index, {})), cache.path, index)
        for index, clip in enumerate(cache.records)
    ]
    changes: Counter = Counter()
    n_changed = 0
    for old, stored in zip(cache.records, clips):
        pairs = [(name, getattr(old, name), getattr(stored.record, name)) for name in table.columns]
        differ = [(name, before, after) for name, before, after in pairs if before != after]
        changes.update(differ)
        n_changed += bool(differ)
    if not n_changed and out is None:
        return RelabelReport(0, {}, cache.content_hash)
    if out is not None:
        check_out(out, overwrite)
    content = rewrite_cache(cache, clips, cache.header, out or cache.path, progress)
    return RelabelReport(n_changed, dict(changes), content)
