"""What each command does: its options as a dataclass, then the work, imported only when it is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from vidfer.actors.settings import ActorSettings
from vidfer.crops.settings import CropSettings
from vidfer.store.settings import BuildSettings

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

    options = _parse(Actors, arguments)
    from vidfer.actors.film import write_actors

    with _Progress("filming", "clip") as progress:
        write_actors(options.cast, options.out, workers=options.workers, progress=progress)
    print(f"{options.out}: drawn people, not real ones; figures measured on them are not accuracy on people")
    print(f"next: vidfer cache --src actors --root {options.out} --out cache/actors.h5")
    return 0


def sources(arguments: Sequence[str]) -> int:
    """``vidfer sources``"""

    @dataclass(frozen=True, kw_only=True)
    class Sources:
        """List the data sets that `vidfer cache` can read."""

    _parse(Sources, arguments)
    from vidfer.clips import describe_sources

    for name, layout, labels, size, licence in describe_sources():
        print(f"{name}\n  layout   {layout}\n  labels   {labels}\n  size     {size}\n  licence  {licence}\n")
    return 0


def cache(arguments: Sequence[str]) -> int:
    """``vidfer cache``"""

    @dataclass(frozen=True, kw_only=True)
    class Cache:
        """Detect, follow and crop the faces of all clips into one HDF5 file; started again, it goes on."""

        src: str
        """The kind of data set: one of those that `vidfer sources` lists."""
        root: Path
        """Where the data set's layout begins (for `table` also the table itself)."""
        out: Path
        """The cache to write, for example cache/afew.h5."""
        subject_pattern: str | None = None
        """Regular expression whose first group finds the subject in a file name, such as '(.+)_\\d+'."""
        device: str = "cpu"
        """Where the detector runs: cpu, cuda, cuda:1."""
        crops: Flat[CropSettings] = CropSettings()
        build: Flat[BuildSettings] = BuildSettings()

    options = _parse(Cache, arguments)
    from vidfer.clips import find_clips
    from vidfer.device import check_device
    from vidfer.store.build import build_cache

    check_device(options.device)
    clips = find_clips(options.src, options.root, subject_pattern=options.subject_pattern)
    with _Progress("cropping", "clip") as progress, _Progress("joining", "clip") as join_progress:
        report = build_cache(
            clips,
            options.out,
            options.crops,
            options.build,
            device=options.device,
            progress=progress,
            join_progress=join_progress,
        )
    for clip_id, reason in report.failures:
        print(f"cannot read {clip_id}: {reason}", file=sys.stderr)
    print(
        f"{options.out}: {report.n_clips} clips, {report.n_frames} frames; {report.n_new} clips read now in "
        f"{report.seconds:.1f} s; {report.n_without_face} without a face, {report.n_failed} unreadable"
    )
    print("seconds in all workers: " + ", ".join(f"{name} {s:.1f}" for name, s in report.stage_s.items()))
    print(f"content hash {report.content_hash}")
    return 1 if report.failures else 0


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

    options = _parse(Inspect, arguments)
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

    options = _parse(Verify, arguments)
    from vidfer.store.verify import verify_cache

    with _Progress("verifying", "clip") as progress:
        faults = verify_cache(options.cache, progress=progress)
    for fault in faults:
        print(f"{fault.clip or options.cache}: {fault.what}")
    if not faults:
        print(f"{options.cache}: every byte is as it was written")
    return 1 if faults else 0


def eval(arguments: Sequence[str]) -> int:
    """``vidfer eval``"""

    @dataclass(frozen=True, kw_only=True)
    class Eval:
        """Measure a checkpoint: classes of a split, and novel classes from a few examples, clip by clip."""

        checkpoint: Path
        """Checkpoint folder, such as runs/teacher/checkpoints/best."""
        cache: Path
        """The crop cache to measure on."""
        out: Path
        """Folder for the result files, classification.json and fewshot.json."""
        split: Literal["train", "val", "test", "all"] = "test"
        """Which clips to classify, where the checkpoint has a classifier: `all` are all labelled clips of a
        cache that the run has not seen."""
        novel: tuple[str, ...] = ()
        """Classes that the checkpoint was never trained on; with them, few-shot accuracy is measured."""
        ways: int = 3
        """Few-shot: classes in an episode."""
        shots: int = 3
        """Few-shot: example clips of each class."""
        queries: int = 1
        """Few-shot: clips of each class to recognise in an episode."""
        episodes: int = 600
        """Few-shot: episodes, fixed by --seed."""
        curve: tuple[int, ...] = ()
        """Few-shot: also measure with these numbers of shots, for the curve in the report."""
        head: Literal["trained", "prototype"] = "trained"
        """Few-shot: the checkpoint's own head, or the nearest mean of the clip embeddings."""
        frames: int | None = None
        """Frames looked at in each clip; by default as many as the run was trained with."""
        seed: int = 0
        """Of the episodes and of the bootstrap."""
        device: str = "cpu"
        """Where the network runs: cpu, cuda, cuda:1."""

    options = _parse(Eval, arguments)
    from vidfer.device import check_device
    from vidfer.evaluate.evaluate_checkpoint import evaluate_checkpoint

    check_device(options.device)
    options.out.mkdir(parents=True, exist_ok=True)  # if it cannot be written to, say so before the work
    asked = {name: value for name, value in vars(options).items() if name != "out"}
    with _Progress("looking", "batch") as progress:
        results = evaluate_checkpoint(**asked, progress=progress)
    for name, result in results.items():
        result.save(options.out / f"{name}.json")
        print(result.summary())
        if result.note:
            print(f"  {result.note}")
        print(f"  a row for every clip: {options.out / f'{name}.json'}")
    return 0


def report(arguments: Sequence[str]) -> int:
    """``vidfer report``"""

    @dataclass(frozen=True, kw_only=True)
    class Report:
        """Write one HTML page about runs and results, and a model card beside each run's best checkpoint."""

        runs: tuple[Path, ...] = ()
        """Run folders, teachers before their students."""
        results: tuple[Path, ...] = ()
        """Result files of `vidfer eval`."""
        cache: Path | None = None
        """The crop cache that the results were measured on, for film strips of some clips."""
        out: Path = Path("report.html")
        """The page to write."""
        device: str = "cpu"
        """Where the networks run for the film strips."""

    options = _parse(Report, arguments)
    from vidfer.device import check_device
    from vidfer.report.build import build_report
    from vidfer.report.model_card import write_model_card

    check_device(options.device)
    print(build_report(**vars(options)))
    for run in options.runs:
        if (run / "checkpoints" / "best").is_dir():  # a run that has only begun has none
            print(write_model_card(run, options.results))
    return 0


def _parse(options: type, arguments: Sequence[str]):
    name = options.__name__.lower()
    return tyro.cli(options, prog=f"vidfer {name}", args=list(arguments), description=options.__doc__)


class _Progress:
    """A progress bar that is told how many are done."""

    def __init__(self, what: str, unit: str) -> None:
        self.what, self.unit = what, unit
        self.bar = None

    def __call__(self, done: int, total: int) -> None:
        if self.bar is None:  # the first call starts its clock
            from tqdm.auto import tqdm

            # In a log file a line every ten seconds is enough.
            mininterval_s = 0.1 if sys.stderr.isatty() else 10
            self.bar = tqdm(desc=self.what, unit=self.unit, total=total, delay=0.2, mininterval=mininterval_s)
        self.bar.update(done - self.bar.n)

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_) -> None:
        if self.bar is not None:
            self.bar.close()
