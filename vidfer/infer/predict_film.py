"""Predicts what the people in a film express, frame by frame, while the film is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from vidfer.clips.clip import Clip
from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.extract import FilmReader
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.follow_stream import FaceStream
from vidfer.crops.track.key_frames import with_next_images
from vidfer.infer.classifier import Classifier
from vidfer.infer.expression_stream import BATCH, ExpressionStream
from vidfer.infer.moment import Moment
from vidfer.infer.settings import WindowSettings
from vidfer.prefetch import prefetch
from vidfer.timing import iterate_timed, timed


@dataclass(frozen=True, kw_only=True)
class FilmPredictor:
    """All that predicting films needs: who finds faces, who names expressions, and how."""

    classifier: Classifier
    detector: FaceDetector | None
    """None with ``crops.face`` = ``picture``, where no face is searched."""
    crops: CropSettings
    """How films are read and faces followed: everybody, or whole pictures. The classifier chooses the size
    of the crops."""
    windows: WindowSettings = WindowSettings()
    batch: int = BATCH
    """The most windows that the network sees at once."""

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
        self.width = self.height = self.n_frames = 0
        self.last_s = 0.0
        """Time of the last frame that was read."""

    def _crops(self) -> CropSettings:
        return replace(self._predictor.crops, size_px=self._predictor.classifier.crop_px)

    @property
    def fault(self) -> str:
        """Why the frames end before the film does; empty if all of it was read."""
        return self._reader.fault

    @property
    def reader(self) -> str:
        """What decoded the film, see :attr:`vidfer.crops.decode.video.FrameChunk.library`."""
        return self._reader.library

    def moments(self) -> Iterator[list[Moment]]:
        """The moments of each frame, in order, while the film is read; one moment for each person who is
        seen, or a single one without a face.

        Memory does not grow with the film. The moments of a frame come when about two more seconds have been
        read.

        Raises:
            UnreadableVideo: no frame can be read.
        """
        return self._of_chunks(prefetch(self._reader.chunks(), 1))

    def _of_chunks(self, chunks: Iterator[FrameChunk]) -> Iterator[list[Moment]]:
        predictor, crops = self._predictor, self._crops()
        faces = FaceStream(crops, predictor.detector)
        expressions = ExpressionStream(
            self.clip.id, predictor.classifier, crops, predictor.windows, predictor.batch
        )
        for chunk, next_images in with_next_images(iterate_timed("read", chunks)):
            self.height, self.width = chunk.images.shape[1:3]
            self.n_frames += len(chunk)
            self.last_s = float(chunk.times_s[-1])
            with timed("find"):
                followed = faces.feed(chunk, next_images)
            if len(followed):
                yield from expressions.feed(followed)
        followed = faces.end()
        if len(followed):
            yield from expressions.feed(followed)
        yield from expressions.end()
