"""``vidfer remove``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.commands.console import Progress, parse
from vidfer.store.select import Choice

Flat = tyro.conf.OmitArgPrefixes


def main(arguments: Sequence[str]) -> int:
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
    from vidfer.build.export import export_clips
    from vidfer.store.reader import CropCache
    from vidfer.store.select import choose

    cache = CropCache(options.cache)
    unwanted = choose(cache, options.choice)
    kept = sorted({*range(len(cache))} - {*unwanted})
    with Progress("copying", "clip") as progress:
        content = export_clips(cache, kept, options.out, options.overwrite, progress)
    print(f"{options.out or options.cache}: {len(unwanted)} clips removed, {len(kept)} left")
    print(f"content hash {content}")
    return 0
