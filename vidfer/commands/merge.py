"""``vidfer merge``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.commands.console import Progress, parse


def main(arguments: Sequence[str]) -> int:
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
    from vidfer.build.merge import merge_caches

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
