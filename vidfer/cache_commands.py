"""The commands that look at finished caches, or make new ones of them without decoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.console import Progress, parse


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
