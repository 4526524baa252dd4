"""The Python interface: load a model, and ask it about films, pictures, faces and cached clips."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from vidfer.build.cut_faces import faults_as_reasons
from vidfer.clips.inputs import find_inputs
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.errors import DataError, SettingError
from vidfer.included import IN_THE_BOX
from vidfer.infer.answer_clips import answer_clips
from vidfer.infer.answer_faces import answer_faces
from vidfer.infer.answers import Answers, Prediction
from vidfer.infer.classifier import Classifier
from vidfer.infer.device import check_device
from vidfer.infer.expression_stream import BATCH
from vidfer.infer.load_classifier import load_classifier
from vidfer.infer.moment import Moment
from vidfer.infer.pictures import as_pictures
from vidfer.infer.predict_film import STREAMED, FilmPredictor
from vidfer.infer.predict_live import LIVE_WINDOWS, chunks_of, predict_live
from vidfer.infer.selective import WANTED
from vidfer.infer.settings import FilmSettings, WindowSettings
from vidfer.infer.support.encoder_parts import CHECKPOINT
from vidfer.infer.support.examples import Given
from vidfer.infer.support.learn_support import LEFT_OUT
from vidfer.infer.support.open_support import open_support
from vidfer.infer.support.support_classifier import KIND
from vidfer.infer.support.support_file import SUFFIX, save_support

if TYPE_CHECKING:
    from vidfer.store.reader import CropCache

MOST_FAULTS = 5
"""An error tells at most so many films that could not be read."""
CLIP_FRAMES = 8
"""Frames of a cached clip that the network sees, evenly spread over it."""
_keeping_random_numbers = partial(torch.random.fork_rng, devices=[])
"""Networks begin with random weights, before theirs are read; the caller's numbers stay as they were."""


def load(
    model: str | Path = IN_THE_BOX,
    *,
    device: str = "cpu",
    accuracy: float = WANTED,
    films: FilmSettings | None = None,
    windows: WindowSettings | None = None,
) -> Predictor:
    """Load what names expressions.

    Args:
        model: the name of an included network, a run folder (its best checkpoint), a checkpoint, a file of
            ``vidfer learn``, an ``.onnx`` file of ``vidfer export-onnx``, or ``hf://owner/name``, which is
            downloaded from the Hugging Face hub.
        device: where the networks run, such as ``cpu``, ``cuda`` or ``cuda:1``.
        accuracy: the share (0..1) of its answers that shall be right on the network's validation clips; where
            it is less sure, the label is ``unsure``.
        films: how films are read, and faces found and followed.
        windows: which pieces of film the network sees.

    Raises:
        CheckpointError: there is no such model, it is damaged, or it has no classifier.
        SettingError: the device is not there, or a setting makes no sense.
        HubError: the hub has no such checkpoint, or cannot be reached.
        MissingPackageError: an ``.onnx`` file needs onnx and onnxruntime.
    """
    check_device(device)
    if not 0 < accuracy < 1:
        raise SettingError(f"accuracy {accuracy}: give a share above 0 and below 1, such as 0.8")
    with _keeping_random_numbers():
        classifier, note = load_classifier(model, device=device, accuracy=accuracy)
    made = Predictor(classifier, device=device, films=films, windows=windows)
    made.notes = (note,)
    return made


class Predictor:
    """Names what faces express. :func:`load` makes one; it may be used as often as wanted, by several threads
    at the same time, and can be pickled, unless it is of an ONNX file. ``notes`` say what can be expected of
    it, a sentence each."""

    def __init__(
        self,
        classifier: Classifier,
        *,
        device: str = "cpu",
        films: FilmSettings | None = None,
        windows: WindowSettings | None = None,
        batch: int = BATCH,
    ) -> None:
        """``classifier``: what names expressions in windows of crops. The other arguments are those of
        :func:`load`; ``batch`` is the most windows that the network sees at once."""
        self.notes: tuple[str, ...] = ()
        self.films, self.windows = films or FilmSettings(), windows or WindowSettings()
        self._windows = windows
        self.classifier, self.device, self.batch = classifier, device, batch
        self._detector: FaceDetector | None = None

    def __repr__(self) -> str:
        name, n = self.classifier.about.get("name", type(self.classifier).__name__), len(self.classes)
        return f"Predictor({name!r}, {n} classes, threshold {self.threshold:.2f}, device {self.device!r})"

    @property
    def classes(self) -> tuple[str, ...]:
        """The expressions, in the order of their probabilities."""
        return self.classifier.classes

    @property
    def threshold(self) -> float:
        """Below this probability the label is ``unsure``; 0..1."""
        return float(self.classifier.about.get("threshold", 0.0))

    @property
    def film_predictor(self) -> FilmPredictor:
        """What predicts single films; the face detector is loaded when it is needed first."""
        if self._detector is None and self.films.face != "picture":
            with _keeping_random_numbers():
                self._detector = FaceDetector(self.device, self.films)
        return FilmPredictor(
            classifier=self.classifier,
            detector=self._detector,
            crops=self.films,
            windows=self.windows,
            batch=self.batch,
        )

    def with_support(self, examples: Path | str | Given) -> Predictor:
        """A predictor of expressions of your own, from a few examples of each and without training.

        Args:
            examples: name of the expression -> its examples: paths of clips or pictures, or
                ``(path, start_s, end_s)`` for a piece of a film, in seconds. Or a folder or table of them, or
                a file of ``vidfer learn`` (docs/own_expressions.md).

        Returns:
            The predictor. Its ``notes`` say what can be expected of it, and what to mend. An example that
            cannot be used is left out, with a warning of Python.

        Raises:
            DataError: examples are missing, show no face or contradict each other.
            CheckpointError: a file was learned with another network, or is damaged.
            SettingError: the predictor has no network to see the examples with, as that of an ONNX file.
        """
        about = self.classifier.about
        network = about.get("name")
        if about.get("kind") == KIND and CHECKPOINT not in about["networks"]:
            network = IN_THE_BOX
        elif about.get("kind") != "network":
            raise SettingError(
                f"{network or self} cannot see new examples: load the network itself, such as "
                "vidfer.load('runs/student'), and use with_support"
            )
        with _keeping_random_numbers():
            classifier, notes = open_support(examples, checkpoint=str(network), device=self.device)
        for note in notes:
            if note.startswith(LEFT_OUT):
                warnings.warn(note, stacklevel=2)
        made = copy(self)
        made.classifier, made.notes = classifier, tuple(notes)
        return made

    def save(self, path: str | Path) -> None:
        """Write own expressions into a file for :func:`load` and ``vidfer predict --support``; no pictures.

        Args:
            path: of the file; it ends in ``.vidfer``.

        Raises:
            SettingError: the predictor is none of own expressions, or the file has another ending.
            DiskError: the disk is full.
        """
        support = getattr(self.classifier, "support", None)
        if support is None:
            raise SettingError("only own expressions can be saved: use with_support first")
        if Path(path).suffix != SUFFIX:
            raise SettingError(f"{path}: give a name that ends in {SUFFIX}")
        save_support(Path(path), support)

    def stream(
        self, source: str | Path, *, start_s: float | None = None, end_s: float | None = None
    ) -> Iterator[Moment]:
        """The moments of a video, picture or folder, while it is read. Memory does not grow with its length.

        A moment is one person in one frame; a frame in which nobody is seen gives one moment without a
        ``face_id``. The people of a film keep their numbers.

        Args:
            source: a video, a picture, a folder, or a pattern.
            start_s: begin at this time of each film, in seconds.
            end_s: stop at this time.

        Raises:
            DataError: nothing is there; or a film cannot be read, or not to its end. That is told at the end,
                after the moments before its fault and those of all other films.
        """
        clips, faults = find_inputs([source], start_s=start_s, end_s=end_s), []
        for clip in clips:
            film = self.film_predictor.predict(clip)
            try:
                with faults_as_reasons(clip):
                    for moments in film.moments():
                        yield from moments
            except DataError as error:
                faults.append(f"{clip.path}: {error}")
            if film.fault:
                faults.append(f"{clip.path} was not read to its end: {film.fault}")
        if len(faults) > MOST_FAULTS:
            faults[MOST_FAULTS:] = [f"and {len(faults) - MOST_FAULTS} more"]
        if faults:
            raise DataError("; ".join(faults))

    def stream_frames(
        self, frames: Iterable[tuple[float, np.ndarray]], *, name: str = "camera"
    ) -> Iterator[tuple[np.ndarray, list[Moment]]]:
        """Each frame of a camera, or of a decoder of your own, with its moments, while the frames come.

        A frame is given about a second after it came, since the frames after it count for it, too. Memory
        does not grow. Unless :func:`load` was given ``windows``, these are shorter than for films. ``fps``,
        ``enhance``, ``reader`` and ``max_gap_s`` of ``films`` are for files, and do nothing here.

        Args:
            frames: pairs of a time in seconds, which rises, and a picture, uint8 (H, W, 3) RGB, all of one
                size. OpenCV's pictures are BGR: turn them with ``image[..., ::-1]``.
            name: what ``input`` of the moments says.

        Raises:
            SettingError: ``films.face`` is neither ``all`` nor ``picture``; the others need the whole film.
            DataError: a frame has another shape, type or size, or its time does not rise.
        """
        if self.films.face not in STREAMED:
            raise SettingError(
                f"face is '{self.films.face}', and who that is shows at the end of a film only; choose "
                f"{' or '.join(STREAMED)} for frames that come one by one"
            )
        chunks = chunks_of(frames)
        yield from predict_live(self.film_predictor, name, chunks, self._windows or LIVE_WINDOWS)

    def predict(
        self,
        sources: str | Path | Sequence[str | Path],
        *,
        start_s: float | None = None,
        end_s: float | None = None,
    ) -> Prediction:
        """The moments of one or several videos, pictures or folders, in memory.

        For long films use :meth:`stream`, or the command ``vidfer predict``.

        Args:
            sources: what :meth:`stream` takes, one or several.
            start_s: begin at this time of each film, in seconds.
            end_s: stop at this time.

        Returns:
            All moments. What could not be read, or not to its end, stands in ``faults``, and whose
            faces are not upright, in ``rotate_deg``.

        Raises:
            DataError: a source is not there, or none could be read.
        """
        if isinstance(sources, np.ndarray):
            raise DataError(
                "predict takes files and folders; stream_frames takes frames, predict_faces faces"
            )
        several = [sources] if isinstance(sources, (str, Path)) else list(sources)
        if not several:
            raise DataError("there is nothing to predict: the list of sources is empty")
        clips = find_inputs(several, start_s=start_s, end_s=end_s)
        found = Prediction(self.classes)
        for clip in clips:
            film = self.film_predictor.predict(clip)
            try:
                with faults_as_reasons(clip):
                    for moments in film.moments():
                        found.frames.append(moments)
            except DataError as error:
                found.faults[clip.id] = str(error)
            if film.fault:
                found.faults[clip.id] = film.fault
            if rotate_deg := film.rotate_deg:
                found.rotate_deg[clip.id] = rotate_deg
        if not found.frames:
            first = next(iter(found.faults.items()))
            raise DataError(f"none of {len(clips)} inputs can be read; {first[0]}: {first[1]}")
        return found

    def predict_faces(self, images: np.ndarray | torch.Tensor | Sequence[np.ndarray]) -> Answers:
        """Expressions of pictures that were cut to the face before. No face is searched.

        Args:
            images: uint8 (N, H, W, 3) RGB as an array or as a list of arrays of different sizes; or a tensor
                (N, 3, H, W), uint8, or float in 0..1.

        Returns:
            An answer for each, in their order.

        Raises:
            DataError: the shape, the type or the range of values is another.
        """
        pictures = as_pictures(images)
        found = answer_faces(self.classifier, pictures, self.films, batch=self.batch)
        return Answers([str(i) for i in range(len(pictures))], self.classes, found, self.threshold)

    def predict_clips(
        self, cache: str | Path | CropCache, clips: Sequence[int] | None = None, *, frames: int = CLIP_FRAMES
    ) -> Answers:
        """One answer for each clip of a crop cache.

        Args:
            cache: the file of the cache, or the open cache.
            clips: which clips, by their places in the cache; by default all.
            frames: so many frames of each clip are seen, evenly spread over it.

        Returns:
            The answers, in the order of the clips. A clip without a face has no probabilities (NaN).

        Raises:
            CacheError: there is no such cache, or it is damaged.
            DataError: it has no such clip.
            SettingError: ``frames`` is less than 1.
        """
        if frames < 1:
            raise SettingError(f"frames {frames}: the network must see at least 1 frame of a clip")
        return answer_clips(
            self.classifier,
            cache if isinstance(cache, (str, Path)) else cache.path,
            clips,
            frames=frames,
            batch=self.batch,
            threshold=self.threshold,
        )
