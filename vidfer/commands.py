"""What each command does: its options as a dataclass, then the work, imported only when it is asked for.

Those that look at or change finished caches are in :mod:`vidfer.cache_commands`, those that measure in
:mod:`vidfer.eval_commands`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from vidfer.actors.settings import ActorSettings
from vidfer.console import Progress, parse
from vidfer.crops.settings import CropSettings
from vidfer.store.settings import BuildSettings

if TYPE_CHECKING:
    from vidfer.store.team import Team

Flat = tyro.conf.OmitArgPrefixes


def actors(arguments: Sequence[str]) -> int:
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


def sources(arguments: Sequence[str]) -> int:
    """``vidfer sources``"""

    @dataclass(frozen=True, kw_only=True)
    class Sources:
        """List the data sets that `vidfer cache` can read."""

    parse(Sources, arguments)
    from vidfer.clips import describe_sources

    for name, layout, labels, size, licence in describe_sources():
        print(f"{name}\n  layout   {layout}\n  labels   {labels}\n  size     {size}\n  licence  {licence}\n")
    print("your own: a function in a file, --src my_source.py:my_clips (docs/sources.md)")
    return 0


def cache(arguments: Sequence[str]) -> int:
    """``vidfer cache``, in one process or in several that a launcher has started"""
    from vidfer.store.team import join_team

    team = join_team()
    if not team.is_main:
        from vidfer.store.share_work import assist

        try:
            return assist(team)
        except KeyboardInterrupt:  # the main process says so
            return 130
    signal.signal(signal.SIGTERM, _stop)  # sent by launchers and queues of jobs
    try:
        return _cache(arguments, team)
    finally:
        team.dismiss()


def _cache(arguments: Sequence[str], team: Team) -> int:
    @dataclass(frozen=True, kw_only=True)
    class Cache:
        """Detect, follow and crop the faces of all clips into one HDF5 file; started again, it goes on."""

        src: str
        """The kind of data set: one that `vidfer sources` lists, some with a part (dfew:3), or a function of
        your own (my_source.py:my_clips), whose file is then run."""
        root: Path
        """Where the data set's layout begins (for `table`, `fer2013` and `frames` also the file itself)."""
        out: Path
        """The cache to write, for example cache/afew.h5."""
        subject_pattern: str | None = None
        """Regular expression whose first group finds the subject in a file name, such as '(.+)_\\d+'."""
        shard: str | None = None
        """For jobs that run apart from each other: `2/8` makes the second of eight shares of the clips,
        afew.2of8.h5; `vidfer merge` joins them."""
        device: str = "cpu"
        """Where the detector runs: cpu, cuda, cuda:1."""
        crops: Flat[CropSettings] = CropSettings()
        build: Flat[BuildSettings] = BuildSettings()

    options = parse(Cache, arguments)
    from vidfer.clips import find_clips
    from vidfer.device import check_device
    from vidfer.store.build import build_cache

    check_device(options.device)
    clips = find_clips(options.src, options.root, subject_pattern=options.subject_pattern)
    with Progress("cropping", "clip") as progress, Progress("joining", "clip") as join_progress:
        report = build_cache(
            clips,
            options.out,
            options.crops,
            options.build,
            device=options.device,
            progress=progress,
            join_progress=join_progress,
            shard=options.shard,
            team=team,
        )
    for clip_id, reason in report.failures:
        print(f"cannot read {clip_id}: {reason}", file=sys.stderr)
    for clip_id, reason in report.partly:
        print(f"read only the beginning of {clip_id}: {reason}", file=sys.stderr)
    if (report.failures or report.partly) and not options.build.retry_failed:
        print("the next start leaves these as they are; --retry-failed reads them again", file=sys.stderr)
    others = f" and {report.n_others} of other people in them" if report.n_others else ""
    print(
        f"{report.out}: {report.n_clips} clips{others}, {report.n_frames} frames; {report.n_new} clips read "
        f"now in {report.seconds:.1f} s; {report.n_without_face} without a face, {len(report.failures)} "
        f"unreadable, {len(report.partly)} read in part"
    )
    if report.n_new:
        stages = ", ".join(f"{name} {s:.1f}" for name, s in report.stage_s.items())
        speed = report.n_new_frames / report.seconds
        print(f"{speed:.1f} frames/s; seconds in all workers: {stages}")
    print(f"content hash {report.content_hash}")
    return 1 if report.failures or report.partly else 0


def _stop(*_) -> None:
    print("vidfer: stopped; what was finished is kept, the same command goes on from there", file=sys.stderr)
    raise SystemExit(128 + signal.SIGTERM)


def report(arguments: Sequence[str]) -> int:
    """``vidfer report``"""

    @dataclass(frozen=True, kw_only=True)
    class Report:
        """Write one HTML page about runs and results, and a model card beside each run's best checkpoint."""

        runs: tuple[Path, ...] = ()
        """Run folders, teachers before their students."""
        results: tuple[Path, ...] = ()
        """Result files of `vidfer eval`; by default those that it left in the run folders."""
        cache: Path | None = None
        """The crop cache that the results were measured on, for film strips of some clips."""
        out: Path = Path("report.html")
        """The page to write."""
        device: str = "cpu"
        """Where the networks run for the film strips."""

    options = parse(Report, arguments)
    from vidfer.device import check_device
    from vidfer.evaluate.find_results import result_files
    from vidfer.report.build import build_report
    from vidfer.report.model_card import write_model_card

    check_device(options.device)
    results = options.results or tuple(file for run in options.runs for file in result_files(run))
    print(build_report(**vars(options) | {"results": results}))
    for run in options.runs:
        if (run / "checkpoints" / "best").is_dir():  # a run that has only begun has none
            print(write_model_card(run, results))
    return 0
