"""``vidfer export``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.commands.console import Progress, parse
from vidfer.store.select import Choice

Flat = tyro.conf.OmitArgPrefixes


def main(arguments: Sequence[str]) -> int:
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
    from vidfer.build.export import export_clips
    from vidfer.store.reader import CropCache
    from vidfer.store.select import choose

    cache = CropCache(options.cache)
    chosen = choose(cache, options.choice)
    with Progress("copying", "clip") as progress:
        content = export_clips(cache, chosen, options.out, options.overwrite, progress)
    print(f"{options.out}: {len(chosen)} of the {len(cache)} clips of {options.cache}")
    print(f"content hash {content}")
    return 0
