"""``vidfer export``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.commands.console import parse
from vidfer.commands.progress import Progress
from vidfer.commands.say import give, tell
from vidfer.store.select import ClipFilter

Flat = tyro.conf.OmitArgPrefixes


EXAMPLES = (
    ("vidfer export cache/afew.h5 --out cache/happy.h5 --label happy", "copy the clips with one label"),
    (
        "vidfer export cache/afew.h5 --out cache/rest.h5 --drop --subject ann",
        "copy all clips but those of one person",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer export``"""

    @dataclass(frozen=True, kw_only=True)
    class Export:
        """Copy the clips that match all options into a cache of their own, or with --drop all other clips.
        No video is decoded."""

        cache: tyro.conf.Positional[Path]
        """The cache."""
        out: Path
        """The cache to write. With --overwrite it may be the cache itself, which is replaced when the new one
        is complete; until then there must be free space for both."""
        drop: bool = False
        """Copy all clips but those that match."""
        clip_filter: Flat[ClipFilter] = ClipFilter()
        overwrite: bool = False
        """Replace --out if it exists."""

    options = parse(Export, arguments)
    from vidfer.build.export import export_clips
    from vidfer.store.reader import CropCache
    from vidfer.store.select import select_clips

    cache = CropCache(options.cache)
    selected = select_clips(cache, options.clip_filter)
    kept = sorted({*range(len(cache))} - {*selected}) if options.drop else selected
    with Progress("copying", "clip") as progress:
        content = export_clips(cache, kept, options.out, options.overwrite, progress)
    tell(f"{options.out}: {len(kept)} of the {len(cache)} clips of {options.cache}")
    tell(f"content hash {content}")
    give(options.out, clips=len(kept), of_clips=len(cache), content_hash=content)
    return 0
