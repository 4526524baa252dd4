"""``vidfer merge``."""

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
        "vidfer merge cache/afew.1of2.h5 cache/afew.2of2.h5 --out cache/afew.h5",
        "join the shards of a data set",
    ),
    (
        "vidfer merge cache/afew.h5 cache/ravdess.h5 --out cache/both.h5 --prefix-ids",
        "join two data sets",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer merge``"""

    @dataclass(frozen=True, kw_only=True)
    class Merge:
        """Join caches of equal settings into one: shards of a data set, or several data sets. No video is
        decoded. A clip that is in several caches, the same in each, is taken once."""

        caches: tyro.conf.Positional[tuple[Path, ...]]
        """The caches to join, two or more."""
        out: Path
        """The cache to write."""
        partial: bool = False
        """Join shards of a data set even if some of them are missing."""
        prefix_ids: bool = False
        """Put the name of its cache before the id of every clip, so that two caches may use the same ids."""
        overwrite: bool = False
        """Replace --out if it exists."""

    options = parse(Merge, arguments)
    from vidfer.build.merge import merge_caches
    from vidfer.store.reader import CropCache

    with Progress("joining", "clip") as progress:
        merged = merge_caches(
            options.caches,
            options.out,
            partial=options.partial,
            prefix_ids=options.prefix_ids,
            overwrite=options.overwrite,
            progress=progress,
        )
    n_same = merged.n_duplicates
    same = f"; {n_same} were in more than one cache, the same in each" if n_same else ""
    tell(f"{options.out}: {merged.n_clips} clips of {len(options.caches)} caches{same}")
    for line in CropCache(options.out).spelling_notes:
        note(line)
    tell(f"content hash {merged.content_hash}")
    give(options.out, clips=merged.n_clips, in_several=n_same, content_hash=merged.content_hash)
    return 0
