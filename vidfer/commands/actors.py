"""``vidfer actors``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.actors.settings import ActorSettings
from vidfer.commands.console import Progress, parse

Flat = tyro.conf.OmitArgPrefixes


def main(arguments: Sequence[str]) -> int:
    """``vidfer actors``"""

    @dataclass(frozen=True, kw_only=True)
    class Actors:
        """Write a data set of synthetic actors in AFEW's layout, with the truth beside it."""

        out: Path
        """Folder to write into; a run that was interrupted goes on."""
        workers: int = len(os.sched_getaffinity(0))
        """Processes that draw. Their number changes no byte."""
        cast: Flat[ActorSettings] = ActorSettings()

    options = parse(Actors, arguments)
    from vidfer.actors.film import write_actors

    with Progress("filming", "clip") as progress:
        write_actors(options.cast, options.out, workers=options.workers, progress=progress)
    print(f"{options.out}: drawn people, not real ones; figures measured on them are not accuracy on people")
    print(f"next: vidfer cache --src actors --root {options.out} --out cache/actors.h5")
    return 0
