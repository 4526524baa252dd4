"""The commands that look at finished caches, or make new ones of them without decoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.console import Progress, parse
from vidfer.errors import VidferError
from vidfer.store.choice import Choice

Flat = tyro.conf.OmitArgPrefixes


def inspect(arguments: Sequence[str]) -> int:
    """``vidfer inspect``"""

    @dataclass(frozen=True, kw_only=True)
    class Inspect:
        """Say what a cache holds, list what went wrong in making it, or draw a contact sheet of one clip."""

        cache: tyro.conf.Positional[Path]
        """The cache."""
        failures: bool = False
        """List everything that went wrong, with reasons: clips that could not be read, or not to their end,
        and clips that show no face or few."""
        clip: str | None = None
        """Id of a clip to draw: frames with box and landmarks over their three crops."""
        root: Path | None = None
        """With --clip: the folder of the videos, for the whole frames, which are not in the cache."""
        out: Path | None = None
        """With --clip the PNG to write, by default the clip's name in this folder; with --failures a table to
        write, .csv."""

    options = parse(Inspect, arguments)
    _check_inspect(options)
    from vidfer.store.reader import CropCache

    crops = CropCache(options.cache)
    if options.clip is not None:
        from vidfer.store.contact_sheet import contact_sheet

        out = options.out or Path(Path(options.clip).name.replace("#", "_")).with_suffix(".png")
        notes = contact_sheet(crops, options.clip, out, root=options.root)
        print("\n  ".join([str(out), *notes]))
    elif options.failures:
        from vidfer.store.failures import failures_page, write_failures

        if options.out:
            print(f"{options.out}: {write_failures(crops, options.out)} lines")
        else:
            print(failures_page(crops))
    else:
        from vidfer.store.inspect import inspect_cache

        print(inspect_cache(crops))
    return 0


def _check_inspect(options) -> None:
    if options.failures and options.clip is not None:
        raise VidferError("--failures is about all clips and --clip about one; choose one of them")
    if options.root and options.clip is None:
        raise VidferError(
            "--root is for --clip: it finds the video of that clip; add --clip, or leave it out"
        )
    if options.out and options.clip is None and not options.failures:
        raise VidferError("--out is for --clip or --failures; add one of them, or leave it out")


def verify(arguments: Sequence[str]) -> int:
    """``vidfer verify``"""

    @dataclass(frozen=True, kw_only=True)
    class Verify:
        """Recompute every hash of a cache and name the clips that are damaged; make them again if asked."""

        cache: tyro.conf.Positional[Path]
        """The cache."""
        repair: bool = False
        """Make damaged clips again from their videos. All others are copied byte for byte into a new cache,
        which takes the place of the old one when it is complete."""
        src: str | None = None
        """With --repair: the kind of data set, as it was given to `vidfer cache`."""
        root: Path | None = None
        """With --repair: where the data set is."""
        subject_pattern: str | None = None
        """With --repair: as it was given to `vidfer cache`."""
        enhance: Path | None = None
        """With --repair: the ONNX model, if the cache was made with one."""
        workers: int | None = None
        """With --repair: processes that read videos; one per core when not given."""
        device: str = "cpu"
        """With --repair: where the detector runs: cpu, cuda, cuda:1."""

    options = parse(Verify, arguments)
    if options.repair and not (options.src and options.root):
        raise VidferError(
            "--repair makes clips again from their videos: add --src and --root as for `vidfer cache`"
        )
    if not options.repair and (options.src or options.root):
        raise VidferError("--src and --root are for --repair; add it, or leave them out")
    from vidfer.store.verify import verify_cache

    with Progress("verifying", "clip") as progress:
        faults = verify_cache(options.cache, progress=progress)
    for fault in faults:
        print(f"{fault.clip or options.cache}: {fault.what}")
    if not faults:
        print(f"{options.cache}: every byte is as it was written")
        return 0
    if not options.repair:
        if any(fault.clip for fault in faults):
            print(f"mend it with `vidfer verify {options.cache} --repair --src ... --root ...`")
        return 1
    return _repair(options, faults)


def _repair(options, faults: Sequence) -> int:
    """What ``vidfer verify --repair`` does with the faults."""
    from vidfer.clips import find_clips
    from vidfer.device import check_device
    from vidfer.store.repair import repair_cache
    from vidfer.store.verify import REMARKS

    check_device(options.device)
    clips = find_clips(options.src, options.root, subject_pattern=options.subject_pattern)
    with Progress("reading", "clip") as progress, Progress("joining", "clip") as join_progress:
        done = repair_cache(
            options.cache,
            faults,
            clips,
            enhance=options.enhance,
            workers=options.workers,
            device=options.device,
            progress=progress,
            join_progress=join_progress,
        )
    print(f"{options.cache}: {len(done.ids)} clips made again")
    if any(fault.what == REMARKS for fault in faults):
        print("versions, reasons of failures and file sizes are now taken for right as they stand")
    print(f"content hash {done.content_hash}")
    if done.as_before:
        print("the content is what it was before the damage")
    else:
        print("the content is not what it was before the damage: videos, labels or libraries have changed")
    return 0 if done.as_before else 1


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
