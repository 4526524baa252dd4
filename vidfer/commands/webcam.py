"""``vidfer predict --webcam``: what a camera shows, in a window, or as lines."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from vidfer.commands.say import is_read, say
from vidfer.errors import ResultError
from vidfer.percent import percent

if TYPE_CHECKING:
    import numpy as np

    from vidfer.crops.decode.camera import Camera
    from vidfer.infer.moment import Moment
    from vidfer.infer.predict_film import FilmPredictor
    from vidfer.infer.prediction_folder import PredictionFolder
    from vidfer.infer.prediction_writer import PredictionWriter

TITLE = "vidfer - q or Esc ends it"


def watch_camera(
    predictor: FilmPredictor, camera: Camera, wanted: PredictionFolder | None, end_s: float | None
) -> None:
    """Show a camera with what is predicted, until it ends, q is pressed in the window, or Ctrl-C.

    Args:
        predictor: who predicts.
        camera: open; it is closed at the end.
        wanted: where tables are written, if they are wanted.
        end_s: stop at this time.

    Raises:
        DataError: the camera gives no frame.
        ResultError: the folder holds another prediction.
    """
    from vidfer.infer.predict_live import CHUNK_FRAMES, predict_live

    window = _Window(predictor.classifier.classes) if _has_window() else None
    lines, name, last_s = _Lines(), f"camera {camera.device}", 0.0
    with camera, ExitStack() as stack:
        if window is None:
            say("there is no window here, so changes are printed; Ctrl-C ends it", file=sys.stderr)
        writer = None if wanted is None else stack.enter_context(_writer(wanted, name, camera.device))
        try:
            for image, moments in predict_live(predictor, name, camera.chunks(CHUNK_FRAMES)):
                if end_s is not None and moments[0].time_s >= end_s:
                    break
                last_s = moments[0].time_s
                if writer is not None:
                    writer.add(moments)
                if window is None:
                    lines.show(moments)
                    if not is_read():
                        break
                elif not window.show(image, moments):
                    break
        except KeyboardInterrupt:  # the usual way to end it
            pass
        if writer is not None:
            writer.finish(0, duration_s=last_s)
    if camera.n_dropped:
        say(f"{camera.n_dropped} frames were left out, because the camera was faster", file=sys.stderr)


def _writer(wanted: PredictionFolder, name: str, device: str) -> PredictionWriter:
    """The tables of what a camera shows."""
    from vidfer.infer.prediction_folder import PredictedInput
    from vidfer.infer.prediction_writer import PredictionWriter

    writer = PredictionWriter(replace(wanted, inputs=(PredictedInput(name=name, path=device),)))
    if writer.about.inputs[0].state != "waiting":
        raise ResultError(f"{wanted.folder} holds what a camera has shown before; choose another --out")
    writer.begin(0)
    return writer


class _Lines:
    """A line for each person whose label changes."""

    def __init__(self) -> None:
        self._labels: dict[int, str] = {}

    def show(self, moments: list[Moment]) -> None:
        here = {moment.face_id: moment for moment in moments if moment.has_face}
        for number in [number for number in self._labels if number not in here]:
            say(f"{moments[0].time_s:8.1f} s  face {number}  gone")
            del self._labels[number]
        for number, moment in here.items():
            if self._labels.get(number) != moment.label:
                self._labels[number] = moment.label
                best = max(moment.probabilities.values())
                warned = f"  ({'; '.join(moment.warnings)})" if moment.warnings else ""
                say(f"{moment.time_s:8.1f} s  face {number}  {moment.label} {percent(best)}{warned}")


class _Window:
    """A window of OpenCV with boxes and labels."""

    def __init__(self, classes: tuple[str, ...]) -> None:
        from vidfer.report.expression_colours import colours_of

        self._colours = colours_of(classes)

    def show(self, image: np.ndarray, moments: list[Moment]) -> bool:
        """Show a frame; False once the window is closed."""
        import cv2

        from vidfer.report.film.marks import draw_marks

        seen = [moment for moment in moments if moment.has_face]
        picture = image.copy()
        draw_marks(picture, seen, self._colours, max(12, image.shape[0] // 30))
        cv2.imshow(TITLE, picture[..., ::-1])
        return cv2.waitKey(1) & 0xFF not in (ord("q"), 27)


def _has_window() -> bool:
    """Whether OpenCV can open windows here: opencv-python-headless cannot."""
    import cv2

    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return False
    try:
        cv2.namedWindow(TITLE)
    except cv2.error:
        return False
    return True
