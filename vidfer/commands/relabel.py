"""``vidfer relabel``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.commands.console import parse
from vidfer.commands.progress import Progress
from vidfer.commands.say import give, note, tell

EXAMPLES = (
    (
        "vidfer relabel cache/afew.h5 --table labels.csv",
        "give the clips of a table other labels, in the cache itself",
    ),
    (
        "vidfer relabel cache/afew.h5 --table labels.csv --out cache/new.h5",
        "leave the cache as it is, and write another one",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer relabel``"""

    @dataclass(frozen=True, kw_only=True)
    class Relabel:
        """Give clips the labels, subjects and splits of a table. No video is decoded. The cache is replaced
        when the new one is complete; until then there must be free space for both."""

        cache: tyro.conf.Positional[Path]
        """The cache."""
        table: Path
        """CSV file with a column id and one or more of label, subject, split; an empty cell means none. Clips
        that it does not name stay as they are."""
        out: Path | None = None
        """The cache to write; the old one then stays as it is. By default the old one is replaced."""
        overwrite: bool = False
        """Replace --out if it exists."""

    options = parse(Relabel, arguments)
    from vidfer.build.label_table import read_label_table
    from vidfer.build.relabel import relabel_cache
    from vidfer.store.reader import CropCache

    cache, table = CropCache(options.cache), read_label_table(options.table)
    with Progress("copying", "clip") as progress:
        done = relabel_cache(cache, table, options.out, options.overwrite, progress)
    tell(f"{options.out or options.cache}: {done.n_changed} of {len(table.rows)} listed clips changed")
    for (column, old, new), count in sorted(done.changes.items(), key=lambda item: -item[1])[:20]:
        tell(f"  {column} {old or 'none'} -> {new or 'none'}: {count}")
    if len(done.changes) > 20:
        tell(f"  and {len(done.changes) - 20} other changes")
    for line in CropCache(options.out or options.cache).spelling_notes:
        note(line)
    tell(f"content hash {done.content_hash}")
    changes = [
        {"column": column, "before": old, "now": new, "clips": count}
        for (column, old, new), count in done.changes.items()
    ]
    give(
        options.out or options.cache,
        listed=len(table.rows),
        changed=done.n_changed,
        changes=changes,
        content_hash=done.content_hash,
    )
    return 0
