"""``vidfer predict``."""

from __future__ import annotations

import glob
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from vidfer.commands.console import parse
from vidfer.commands.first_note import note_once
from vidfer.commands.prediction_files import (
    ExtraFiles,
    check_place,
    tell_prediction,
    write_cache,
    write_extra_files,
)
from vidfer.commands.progress import Progress
from vidfer.commands.say import give, note, tell
from vidfer.errors import SettingError
from vidfer.hub import is_address
from vidfer.included import IN_THE_BOX
from vidfer.infer.settings import FilmSettings, WindowSettings

if TYPE_CHECKING:
    from vidfer.infer.prediction_folder import PredictedInput

Flat = tyro.conf.OmitArgPrefixes


EXAMPLES = (
    ("vidfer predict interview.mp4", "write tables and a page about a film, in predictions/interview"),
    (
        "vidfer predict films/ --video --out found",
        "do so for all films in a folder, and write each film with what was seen",
    ),
    (
        "vidfer predict film.mp4 --support mine.vidfer",
        "find expressions of your own, from a file of `vidfer learn`",
    ),
    ("vidfer predict --webcam 0", "look through a camera"),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer predict``"""

    @dataclass(frozen=True, kw_only=True)
    class Predict:
        """Say what the people in videos and pictures express, moment by moment.

        Stopped and started again, the same command goes on where it was. An expression is not an emotion:
        what a face shows does not tell what a person feels.
        """

        inputs: tyro.conf.Positional[tuple[str, ...]] = ()
        """Videos, pictures, folders, or patterns such as 'films/*.mp4'."""
        checkpoint: str = IN_THE_BOX
        """The network: a run folder, a checkpoint, or the name of an included network. hf://owner/name is
        downloaded from the Hugging Face hub."""
        onnx: Path | None = None
        """A file of `vidfer export-onnx`, in place of --checkpoint. Its network runs on the CPU without
        PyTorch."""
        support: Path | None = None
        """Expressions of your own in place of the network's: a file of `vidfer learn`, or the folder or table
        of examples that it takes."""
        webcam: str | None = None
        """Look through a camera instead: its number, such as 0, or a video file that plays its part. A window
        shows what is predicted, or lines are printed where there is none; --out also writes tables."""
        out: Path | None = None
        """Folder for the tables; by default a folder in predictions/, named after the input."""
        start: float | None = None
        """Begin at this time of each film, in seconds."""
        end: float | None = None
        """Stop at this time of each film, in seconds."""
        accuracy: float = 0.8
        """The share of its answers that shall be right on the network's validation clips, 0 to 1. Where it is
        less sure, it says `unsure`."""
        json: bool = False
        """Print one JSON object about all inputs, instead of lines for people."""
        files: Flat[ExtraFiles] = ExtraFiles()
        device: str = "cpu"
        """Where the networks run: cpu, cuda, cuda:1."""
        batch: int = 32
        """The most windows that the network sees at once."""
        windows: Flat[WindowSettings] = WindowSettings()
        crops: Flat[FilmSettings] = FilmSettings()

        def __post_init__(self) -> None:
            if self.onnx and (self.support or self.checkpoint != IN_THE_BOX):
                other = "--support" if self.support else f"--checkpoint {self.checkpoint}"
                raise SettingError(f"--onnx {self.onnx} and {other}: give one of them")
            if self.onnx and self.onnx.suffix != ".onnx":
                raise SettingError(f"--onnx {self.onnx}: give a file that ends in .onnx")
            if bool(self.inputs) == (self.webcam is not None):
                raise SettingError(
                    "name a video, a picture or a folder, as in `vidfer predict film.mp4`, or a camera with "
                    "--webcam 0; not both"
                )
            if self.webcam is not None:
                extra = replace(self.files, tables_only=False) != ExtraFiles()
                if extra or self.json or self.start is not None:
                    raise SettingError(
                        f"--webcam {self.webcam} shows what it sees and writes tables with --out; leave out "
                        "--start, --json and options for other files"
                    )
            if not 0 < self.accuracy < 1:
                raise SettingError(
                    f"--accuracy {self.accuracy}: give a share above 0 and below 1, such as 0.8"
                )
            if self.batch < 1:
                raise SettingError(f"--batch {self.batch}: give at least 1")
            start, end = self.start or 0.0, math.inf if self.end is None else self.end
            if not 0 <= start < end:
                raise SettingError(
                    f"--start {start:g} --end {end:g}: give seconds from 0 on, and the end after the start"
                )

    options = parse(Predict, arguments)
    from vidfer.clips.inputs import find_inputs
    from vidfer.crops.decode.camera import Camera
    from vidfer.crops.detect.face_detector import FaceDetector
    from vidfer.infer.device import check_device
    from vidfer.infer.load_classifier import load_classifier
    from vidfer.infer.predict_film import FilmPredictor
    from vidfer.infer.predict_inputs import predict_inputs
    from vidfer.infer.prediction_folder import PredictedInput, PredictionFolder
    from vidfer.infer.prediction_writer import PredictionWriter
    from vidfer.infer.same_prediction import own_folder
    from vidfer.infer.support.open_support import open_support

    check_device(options.device)
    if options.webcam is not None:
        clips, camera = [], Camera(options.webcam)
    else:
        clips = find_inputs(options.inputs, start_s=options.start, end_s=options.end, on_note=note)
    if options.support is not None:
        with Progress("learning", "example") as bar:
            classifier, said = open_support(
                options.support, checkpoint=options.checkpoint, device=options.device, progress=bar
            )
    else:
        model = options.onnx or options.checkpoint
        classifier, why = load_classifier(model, device=options.device, accuracy=options.accuracy)
        shown = classifier.about["name"] if is_address(model) else model  # with the commit
        said = [f"{shown}: {', '.join(classifier.classes)}; {why}"]
    predictor = FilmPredictor(
        classifier=classifier,
        detector=None if options.crops.face == "picture" else FaceDetector(options.device, options.crops),
        crops=options.crops,
        windows=options.windows,
        batch=options.batch,
    )
    wanted = PredictionFolder(
        folder=options.out or Path("predictions") / _name_of(options.inputs),
        classes=classifier.classes,
        model=classifier.about,
        settings=asdict(options.crops)
        | asdict(options.windows)
        | {"start_s": options.start, "end_s": options.end},
        inputs=tuple(PredictedInput(name=clip.id, path=str(clip.path)) for clip in clips),
    )
    if options.out is None and options.webcam is None:
        wanted, why = own_folder(wanted)
        if why:
            note(f"{why}; this prediction goes into {wanted.folder}")
    if options.webcam is not None:
        from vidfer.commands.webcam import watch_camera

        note_once()
        for line in said:
            note(line)
        watch_camera(predictor, camera, options.out and wanted, options.end)
        return 0
    check_place(wanted, options.files)
    with PredictionWriter(wanted) as writer, InputProgress(writer.about.inputs) as progress:
        if not options.json:
            note_once()
        for line in said:
            note(line)
        predict_inputs(predictor, clips, writer, progress)
    tell_prediction(writer.about, as_json=options.json)
    show = note if options.json else tell
    write_extra_files(writer.about, options.files, show)
    if options.files.keep_cache is not None:
        show(write_cache(clips, options.files.keep_cache, options.crops, options.device))
    if not options.json:
        give(writer.about.folder)
    return 1 if any(one.reason for one in writer.about.inputs) else 0


class InputProgress:
    """The progress through the frames of one input, or through many inputs."""

    def __init__(self, inputs: Sequence[PredictedInput]) -> None:
        """``inputs``: all of the prediction, some of them done before."""
        self.n, self.n_before = len(inputs), sum(one.state == "done" for one in inputs)
        self.places: dict[str, int] = {}
        self.shown = Progress("predicting", "input") if self.n > 1 else Progress(inputs[0].name, "frame")

    def __call__(self, name: str, done: int, total: int) -> None:
        """So many frames of an input are done, of so many."""
        if self.n == 1:
            self.shown(done, total)
        else:
            place = self.places.setdefault(name, self.n_before + len(self.places))
            self.shown(place, self.n, f"{name}, frame {done:,} of {total:,}")

    def __enter__(self) -> InputProgress:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_) -> None:
        if kind is None and self.n > 1:
            self.shown(self.n, self.n)
        self.shown.__exit__()


def _name_of(inputs: Sequence[str]) -> str:
    """The name of the first input, of a file without its suffix; of a pattern, its folder."""
    # os.path, because pathlib keeps .. and fails in a closed folder.
    first = os.path.abspath(inputs[0] if inputs else "camera")  # noqa: PTH100
    if os.path.isdir(first):  # noqa: PTH112
        return Path(first).name or "films"
    if os.path.exists(first) or not glob.has_magic(first):  # noqa: PTH110
        return Path(first).stem
    return next(one.name for one in Path(first).parents if not glob.has_magic(str(one))) or "films"
