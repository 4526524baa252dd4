"""The commands that look at finished caches, or make new ones of them without decoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.console import Progress, parse
from vidfer.store.choice import Choice

Flat = tyro.conf.OmitArgPrefixes


def inspect(arguments: Sequence[str]) -> int:
    """``vidfer inspect``"""

    @dataclass(frozen=True, kw_only=True)
    class Inspect:
        """Say what a cache holds, or draw a contact sheet of one clip."""

        cache: tyro.conf.Positional[Path]
        """The cache."""
        clip: str | None = None
        """Id of a clip to draw: its crops with time and status."""
        out: Path | None = None
        """The PNG to write with --clip; by default the clip's name in this folder."""

    options = parse(Inspect, arguments)
    from vidfer.store.reader import CropCache

    crops = CropCache(options.cache)
    if options.clip is None:
        from vidfer.store.inspect import inspect_cache

        print(inspect_cache(crops))
    else:
        from vidfer.store.contact_sheet import contact_sheet

        out = options.out or Path(Path(options.clip).name).with_suffix(".png")
        print(contact_sheet(crops, options.clip, out))
    return 0


def verify(arguments: Sequence[str]) -> int:
    """``vidfer verify``"""

    @dataclass(frozen=True, kw_only=True)
    class Verify:
        """Recompute every hash of a cache and name the clips that are damaged."""

        cache: tyro.conf.Positional[Path]
        """The cache."""

    options = parse(Verify, arguments)
    from vidfer.store.verify import verify_cache

    with Progress("verifying", "clip") as progress:
        faults = verify_cache(options.cache, progress=progress)
    for fault in faults:
        print(f"{fault.clip or options.cache}: {fault.what}")
    if not faults:
        print(f"{options.cache}: every byte is as it was written")
    return 1 if faults else 0


def merge(arguments: Sequence[str]) -> int:
    """``vidfer merge``"""

    @dataclass(frozen=True, kw_only=True)
    class Merge:
        """Join caches of equal settings into one, without decoding: shards of a data set, or several data
        sets. A clip that is in several caches, the same in each, is taken once."""

        caches: tyro.conf.Positional[tuple[Path, ...]]
        """The caches to join."""
        out: Path
        """The cache to write."""
        partial: bool = False
        """Join shards of a data set even if some of them are missing."""
        prefix_ids: bool = False
        """Put the name of its cache before the id of every clip: two caches then may use the same ids."""
        overwrite: bool = False
        """Replace --out if it is there."""

    options = parse(Merge, arguments)
    from vidfer.store.merge import merge_caches

    with Progress("joining", "clip") as progress:
        merged = merge_caches(
            options.caches,
            options.out,
            partial=options.partial,
            prefix_ids=options.prefix_ids,
            overwrite=options.overwrite,
            progress=progress,
        )
    twice = f"; {merged.n_twice} were there more than once, the same each time" if merged.n_twice else ""
    print(f"{options.out}: {merged.n_clips} clips of {len(options.caches)} caches{twice}")
    print(f"content hash {merged.content_hash}")
    return 0


def export(arguments: Sequence[str]) -> int:
    """``vidfer export``"""

    @dataclass(frozen=True, kw_only=True)
    class Export:
        """Copy the clips that fit all options into a cache of their own, without decoding."""

        cache: tyro.conf.Positional[Path]
        """The cache."""
        out: Path
        """The cache to write."""
        choice: Flat[Choice] = Choice()
        overwrite: bool = False
        """Replace --out if it is there."""

    options = parse(Export, arguments)
    from vidfer.store.choice import choose
    from vidfer.store.export import export_clips
    from vidfer.store.reader import CropCache

    cache = CropCache(options.cache)
    chosen = choose(cache, options.choice)
    with Progress("copying", "clip") as progress:
        content = export_clips(cache, chosen, options.out, options.overwrite, progress)
    print(f"{options.out}: {len(chosen)} of the {len(cache)} clips of {options.cache}")
    print(f"content hash {content}")
    return 0


def remove(arguments: Sequence[str]) -> int:
    """``vidfer remove``"""

    @dataclass(frozen=True, kw_only=True)
    class Remove:
        """Take the clips that fit all options out of a cache, without decoding the others. The cache is
        replaced when the new one is complete; until then there must be room for both."""

        cache: tyro.conf.Positional[Path]
        """The cache."""
        choice: Flat[Choice] = Choice()
        out: Path | None = None
        """Write the other clips here, and leave the cache as it is."""
        overwrite: bool = False
        """Replace --out if it is there."""

    options = parse(Remove, arguments)
    from vidfer.store.choice import choose
    from vidfer.store.export import export_clips
    from vidfer.store.reader import CropCache

    cache = CropCache(options.cache)
    unwanted = choose(cache, options.choice)
    kept = sorted({*range(len(cache))} - {*unwanted})
    with Progress("copying", "clip") as progress:
        content = export_clips(cache, kept, options.out, options.overwrite, progress)
    print(f"{options.out or options.cache}: {len(unwanted)} clips removed, {len(kept)} left")
    print(f"content hash {content}")
    return 0


def relabel(arguments: Sequence[str]) -> int:
    """``vidfer relabel``"""

    @dataclass(frozen=True, kw_only=True)
    class Relabel:
        """Give clips the labels, subjects and splits of a table, without decoding. The cache is replaced when
        the new one is complete; until then there must be room for both, unless the file system shares the
        bytes of copies."""

        cache: tyro.conf.Positional[Path]
        """The cache."""
        table: Path
        """CSV file with a column id and one or more of label, subject, split; an empty cell means none. Clips
        that it does not name stay as they are."""
        out: Path | None = None
        """Write the new cache here, and leave the old one as it is."""
        overwrite: bool = False
        """Replace --out if it is there."""

    options = parse(Relabel, arguments)
    from vidfer.store.label_table import read_label_table
    from vidfer.store.reader import CropCache
    from vidfer.store.relabel import relabel_cache

    cache, table = CropCache(options.cache), read_label_table(options.table)
    with Progress("copying", "MB") as progress:
        done = relabel_cache(cache, table, options.out, options.overwrite, progress)
    print(f"{options.out or options.cache}: {done.n_changed} of {len(table.rows)} listed clips changed")
    for (column, old, new), count in sorted(done.changes.items(), key=lambda item: -item[1])[:20]:
        print(f"  {column} {old or 'none'} -> {new or 'none'}: {count}")
    if len(done.changes) > 20:
        print(f"  and {len(done.changes) - 20} other changes")
    print(f"content hash {done.content_hash}")
    return 0
