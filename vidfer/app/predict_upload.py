"""Predicts what a visitor has dropped: tables, page, film and strips in the visitor's folder."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from vidfer.app.limits import Limits
from vidfer.app.strip import Strip, StripCrops, StripFrames, build_strips
from vidfer.app.visits import Visit
from vidfer.clips.inputs import find_inputs
from vidfer.errors import DataError
from vidfer.files import file_name
from vidfer.infer.moment import Moment
from vidfer.infer.predict_inputs import predict_inputs
from vidfer.infer.prediction_folder import ABOUT, CLIPS, FRAMES, SEGMENTS, PredictedInput, PredictionFolder
from vidfer.infer.prediction_writer import PredictionWriter
from vidfer.infer.predictor import Predictor
from vidfer.report.film.write_film import write_film
from vidfer.report.prediction_page.content import InputView, view_inputs
from vidfer.report.prediction_page.write_page import write_prediction_page

Progress = Callable[[float, str], None]

TABLES = (FRAMES, SEGMENTS, CLIPS, ABOUT)
PARTS = {"predict": (0.0, 0.4), "film": (0.4, 0.95)}
"""Which part of the whole work, 0..1, each step is for a film of 1280×720 on a CPU."""
MOST_STRIPS = 4
"""So many people get a strip, those who are seen for longest."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What was found in one film."""

    about: PredictionFolder
    view: InputView
    """What was found in it."""
    film: Path
    """An MP4 file; of a picture a PNG file."""
    files: tuple[Path, ...]
    """All files to download, the last one with all of them in it."""
    strips: tuple[Strip, ...]
    blurred: bool
    notes: tuple[str, ...]

    @property
    def source(self) -> PredictedInput:
        return self.about.inputs[0]


def predict_upload(
    path: Path,
    predictor: Predictor,
    visit: Visit,
    limits: Limits,
    *,
    blur_faces: bool = False,
    progress: Progress = lambda share, text: None,
) -> Result:
    """Predict one film or picture of a visitor, in place of what was predicted for this visitor before.

    Args:
        path: what was uploaded.
        predictor: who predicts; nobody else may use it meanwhile.
        visit: whose it is. Its ``stop`` ends the work at the next frame.
        limits: a larger film is refused, also one whose header does not tell how long it is.
        blur_faces: make the faces unrecognisable in the film, and show none elsewhere.
        progress: is told the share of the work that is done, 0..1, and what is done now.

    Raises:
        DataError: the file is too large or too long, cannot be read, or shows no face.
        Stopped: the visitor wants no more. Nothing is left of the work.
    """
    limits.check(path)
    folder = visit.new_folder("prediction")
    try:
        return _predict(path, predictor, visit, folder, limits, blur_faces, progress)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _predict(
    path: Path,
    predictor: Predictor,
    visit: Visit,
    folder: Path,
    limits: Limits,
    blur_faces: bool,
    progress: Progress,
) -> Result:
    clips = find_inputs([path])

    def step(part: str, done: int, total: int) -> None:
        visit.check()
        first, last = PARTS[part]
        share = min(1.0, done / total) if total else 0.0
        of_all = f" of {total}" if total > done else ""
        words = "looking for faces" if part == "predict" else "drawing the film"
        progress(first + (last - first) * share, f"{words}: frame {done}{of_all}")

    strip_frames = StripFrames()

    def watch(moments: Sequence[Moment]) -> None:
        visit.check()
        limits.check_time(path.name, moments[0].time_s)
        strip_frames.add(moments)

    wanted = PredictionFolder(
        folder=folder,
        classes=predictor.classes,
        model=predictor.classifier.about,
        settings=asdict(predictor.films) | asdict(predictor.windows) | {"start_s": None, "end_s": None},
        inputs=tuple(PredictedInput(name=clip.id, path=str(clip.path)) for clip in clips),
    )
    visit.check()
    progress(0.0, "opening the film")
    with _WatchedWriter(wanted, watch) as writer:
        predict_inputs(
            predictor.film_predictor, clips, writer, lambda name, n, total: step("predict", n, total)
        )
    about, (source,) = writer.about, writer.about.inputs
    if not source.n_frames:
        raise DataError(f"{source.name} cannot be read: {source.reason}")
    if not source.n_people and source.rotate_deg:
        raise DataError(
            f"no face was found in {source.name}, because its faces are not upright; {source.how_to_turn}"
        )
    if not source.n_people:
        raise DataError(
            f"no face was found in {source.name}; choose one in which a face is larger than "
            f"{predictor.films.min_face_px:g} pixels and looks towards the camera"
        )
    crops = StripCrops(predictor, strip_frames.of_longest(MOST_STRIPS))
    film = write_film(
        about,
        source.name,
        folder / file_name(Path(source.name).stem, "_vidfer.mp4"),
        blur_faces=blur_faces,
        progress=lambda name, n, total: step("film", n, total),
        look=crops.look,
    )
    progress(0.96, "drawing the page")
    (view,) = view_inputs(about, pictures=not blur_faces)
    page = write_prediction_page(about, pictures=not blur_faces, inputs=[view])
    strips = build_strips(predictor.classifier, crops, pictures=not blur_faces)
    visit.check()
    # Where the film lies on this machine is nobody's business.
    replace(about, inputs=(replace(source, path=source.name),)).write()
    files = [*(folder / name for name in TABLES), page, film.path]
    files.append(_zip(folder / file_name(Path(source.name).stem, "_vidfer.zip"), files))
    return Result(
        about=about,
        view=view,
        film=film.path,
        files=tuple(files),
        strips=tuple(strips),
        blurred=blur_faces,
        notes=film.notes,
    )


class _WatchedWriter(PredictionWriter):
    """Shows the moments to somebody else before they are written."""

    def __init__(self, about: PredictionFolder, watch: Callable[[Sequence[Moment]], None]) -> None:
        super().__init__(about)
        self._watch = watch

    def add(self, moments: Sequence[Moment]) -> None:
        self._watch(moments)
        super().add(moments)


def _zip(out: Path, files: list[Path]) -> Path:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.name)
    return out
