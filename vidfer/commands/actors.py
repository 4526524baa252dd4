"""``vidfer actors``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.actors.settings import ActorSettings
from vidfer.commands.console import parse
from vidfer.commands.progress import Progress
from vidfer.commands.say import give, tell

Flat = tyro.conf.OmitArgPrefixes


EXAMPLES = (
    ("vidfer actors --out actors", "draw the usual data set: a few hundred clips"),
    (
        "vidfer actors --out few --train-per-class 3 --train-subjects 4 --max-duration-s 0.8",
        "draw a small one, in a minute",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer actors``"""

    @dataclass(frozen=True, kw_only=True)
    class Actors:
        """Draw a data set of synthetic people in AFEW's layout, with what was drawn (the truth) beside it."""

        out: Path
        """Folder to write into. An interrupted run goes on there."""
        workers: int | None = None
        """Processes that draw; by default one per core. Their number does not change the result."""
        settings: Flat[ActorSettings] = ActorSettings()

    options = parse(Actors, arguments)
    from vidfer.actors.write import write_actors

    workers = len(os.sched_getaffinity(0)) if options.workers is None else options.workers
    with Progress("drawing", "clip") as progress:
        write_actors(options.settings, options.out, workers=workers, progress=progress)
    tell(f"{options.out}: these people are drawn; results on them are not accuracy on real people")
    tell(f"next: vidfer cache --src actors --root {options.out} --out cache/actors.h5")
    give(options.out, clips=sum(1 for _ in options.out.glob("*_AFEW/**/*.avi")))
    return 0
