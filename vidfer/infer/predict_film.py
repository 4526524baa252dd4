"""Predicts what the people in a film express, frame by frame, while the film is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from vidfer.clips.clip import Clip
from vidfer.crops.decode.readers import check_reader
from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.detect.upright import SURE, FrameSample, rotation_to_upright
from vidfer.crops.enhance import build_enhance
from vidfer.crops.extract import ClipCrops, FilmReader, extract_crops
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.follow_stream import FaceStream, FollowedFrames
from vidfer.crops.track.followed_face import MISSING
from vidfer.crops.track.key_frames import with_next_images
from vidfer.crops.track.shots import N_BEFORE
from vidfer.infer.classifier import Classifier
from vidfer.infer.expression_stream import BATCH, ExpressionStream
from vidfer.infer.moment import Moment
from vidfer.infer.settings import WindowSettings
from vidfer.prefetch import prefetch
from vidfer.timing import iterate_timed, timed

STREAMED = ("all", "picture")
"""Values of ``CropSettings.face`` with which a film is read once."""


@dataclass(frozen=True, kw_only=True)
class FilmPredictor:
    """All that predicting films needs: who finds faces, who names expressions, and how."""

    classifier: Classifier
    detector: FaceDetector | None
    """None with ``crops.face`` = ``picture``, where no face is searched."""
    crops: CropSettings
    """How films are read and faces followed. The classifier chooses the size of the crops."""
    windows: WindowSettings = WindowSettings()
    batch: int = BATCH
    """The most windows that the network sees at once."""

    def __post_init__(self) -> None:
        """Raise what would stop every film: a reader or an enhancement that is not here."""
        check_reader(self.crops.reader)
        build_enhance(self.crops.enhance, np.zeros((1, 16, 16, 3), np.uint8))

    def predict(self, clip: Clip) -> FilmPrediction:
        """Begin with a film; ``clip.id`` names it in the moments.

        Nothing is read until the moments are.
        """
        return FilmPrediction(self, clip)


class FilmPrediction:
    """A film that is being predicted: iterate :meth:`moments` once."""

    def __init__(self, predictor: FilmPredictor, clip: Clip) -> None:
        self._predictor, self.clip = predictor, clip
        self._reader = FilmReader(clip, self._crops())
        self._whole: ClipCrops | None = None
        self._faces = FaceStream(self._crops(), predictor.detector)
        self._expressions = ExpressionStream(
            clip.id, predictor.classifier, self._crops(), predictor.windows, predictor.batch
        )
        self.width = self.height = self.n_frames = 0
        self.last_s = 0.0
        """Time of the last frame that was read."""
        self._n_sure = 0
        """Number of frames with a face that is surely upright."""
        self._sample = FrameSample()

    def _crops(self) -> CropSettings:
        return replace(self._predictor.crops, size_px=self._predictor.classifier.crop_px)

    @property
    def fault(self) -> str:
        """Why the frames end before the film does; empty if all of it was read."""
        return self._reader.fault if self._whole is None else self._whole.fault

    @property
    def rotate_deg(self) -> int:
        """By how many degrees the film must be turned clockwise, so that its faces are upright: 90, 180 or
        270; 0 if they are, or if this cannot be told. Ask when all is read."""
        detector = self._predictor.detector
        if detector is None or 2 * self._n_sure >= self.n_frames:
            return 0
        return rotation_to_upright(detector, self._sample.images)

    def moments(self) -> Iterator[list[Moment]]:
        """The moments of each frame, in order, while the film is read; one moment for each person who is
        seen, or a single one without a face.

        Memory does not grow with the film. The moments of a frame come when about two more seconds have been
        read.

        Raises:
            UnreadableVideo: no frame can be read.
        """
        for piece in self.pieces():
            yield from piece

    def pieces(self, state: dict | None = None) -> Iterator[list[list[Moment]]]:
        """The same in pieces of many frames. Between two of them :meth:`state` may be asked.

        Args:
            state: go on from there. The frames before are decoded again, but no face is searched in them.
        """
        if self._predictor.crops.face not in STREAMED:
            yield from self._of_one()
            return
        chunks = with_next_images(iterate_timed("read", prefetch(self._reader.chunks(), 1)))
        if state is not None:
            self._go_on(state, chunks)
        for chunk, next_images in chunks:
            self._count(chunk)
            with timed("find"):
                followed = self._faces.feed(chunk, next_images)
            yield self._express(followed) if len(followed) else []
        if len(followed := self._faces.end()):
            yield self._express(followed)
        yield self._expressions.end()

    def state(self) -> dict | None:
        """What :meth:`pieces` needs to go on from here; None if it cannot."""
        if self._predictor.crops.face not in STREAMED:
            return None
        return {
            "n": self.n_frames,
            "n_sure": self._n_sure,
            "faces": self._faces.state(),
            "expressions": self._expressions.state(),
        }

    def _go_on(self, state: dict, chunks: Iterator[tuple[FrameChunk, np.ndarray]]) -> None:
        last: list[np.ndarray] = []
        while self.n_frames < state["n"]:
            chunk, _ = next(chunks)
            self._count(chunk)
            last.extend(chunk.images)
            n_old = state["faces"]["first"] - (self.n_frames - len(last))
            del last[: max(0, min(n_old, len(last)) - N_BEFORE)]
        self._n_sure = state.get("n_sure", 0)  # not yet in states of earlier versions; then rotate_deg looks
        self._faces.restore(state["faces"], last)
        self._expressions.restore(state["expressions"])

    def _of_one(self) -> Iterator[list[list[Moment]]]:
        """The moments of the one person whom ``crops.face`` chooses. Who that is shows at the end of the
        film, so it is read several times."""
        with timed("find"):
            (face,) = extract_crops(self.clip, self._predictor.detector, self._crops())
        self._whole = face
        for chunk in iterate_timed("read", face.chunks()):
            first = self.n_frames
            self._count(chunk)
            track = face.track[first : self.n_frames]
            faces = {0: track} if (track.status != MISSING).any() else {}
            yield self._express(FollowedFrames(first, list(chunk.images), chunk.times_s, faces))
        yield self._expressions.end()

    def _express(self, followed: FollowedFrames) -> list[list[Moment]]:
        scores = [np.nan_to_num(track.scores) for track in followed.faces.values()]
        self._n_sure += int((np.max(scores, axis=0, initial=0) >= SURE).sum()) if scores else 0
        return self._expressions.feed(followed)

    def _count(self, chunk: FrameChunk) -> None:
        self.height, self.width = chunk.images.shape[1:3]
        self._sample.add(chunk.images)
        self.n_frames += len(chunk)
        self.last_s = float(chunk.times_s[-1])
