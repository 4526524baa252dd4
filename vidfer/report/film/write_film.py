"""Writes the film of a prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidfer.clips.media import is_image
from vidfer.errors import DataError, ResultError, SettingError
from vidfer.files import writing
from vidfer.infer.moment import Moment
from vidfer.infer.prediction_folder import PredictedInput, PredictionFolder, read_prediction
from vidfer.report.film.canvas import Canvas, FilmPlan
from vidfer.report.film.clock import clock_of
from vidfer.report.film.cover import cover_faces, with_covers
from vidfer.report.film.film_file import FilmFile, FilmPart
from vidfer.report.film.matched_frames import MatchedFrames
from vidfer.report.film.picture_file import PictureFile
from vidfer.report.person_timeline import frames_of_inputs

Progress = Callable[[str, int, int], None]
Look = Callable[[np.ndarray, Sequence[Moment]], None]


@dataclass(frozen=True, kw_only=True)
class WrittenFilm:
    """A film that was written."""

    path: Path
    n_frames: int
    has_sound: bool
    notes: tuple[str, ...]
    """What a viewer should know: a broken end, frames that the video does not have, damaged sound."""


def write_film(
    prediction: PredictionFolder | Path,
    name: str,
    out: Path,
    *,
    blur_faces: bool = False,
    progress: Progress = lambda name, done, total: None,
    look: Look = lambda image, moments: None,
) -> WrittenFilm:
    """Write the film of one input of a prediction: the video with its sound, and what was predicted.

    Around each face are corners, and beside it a tag. Below the picture each person has a card with the
    label, the probabilities and their last seconds. The film has the frames that were predicted, at the times
    at which the video shows them.

    Args:
        prediction: the folder of a prediction.
        name: of the input, as in its tables.
        out: the MP4 file to write; of a single picture a PNG file of that name.
        blur_faces: make the faces that were followed unrecognisable.
        progress: is told the name of the input, how many frames are done, and of how many.
        look: is shown each frame of the video, uint8 (H, W, 3) RGB, before anything is drawn or covered, and
            its moments; so nobody needs to read the video for it again.

    Raises:
        ResultError: there is no prediction in the folder, or none of this input.
        DataError: the video cannot be read any more, or is not the one that was predicted.
        SettingError: the film would replace the video.
        DiskError: the disk is full. No half film is left.
        MissingPackageError: PyAV has no H.264 encoder.
    """
    prediction = prediction if isinstance(prediction, PredictionFolder) else read_prediction(Path(prediction))
    source = next((one for one in prediction.inputs if one.name == name), None)
    if source is None:
        names = ", ".join(one.name for one in prediction.inputs[:5])
        raise ResultError(f"{prediction.folder} has no input '{name}'; it has {names or 'none'}")
    plan = FilmPlan.of(prediction.moments(name), prediction.classes, prediction.model)
    if plan is None:
        why = f": {source.reason}" if source.reason else ""
        raise ResultError(f"{prediction.folder} has no frame of {name}{why}; a film needs frames")
    return _write(source, plan, prediction.moments(name), Path(out), blur_faces, progress, look)


def write_films(
    prediction: PredictionFolder,
    paths: Mapping[str, Path],
    *,
    blur_faces: bool = False,
    progress: Progress = lambda name, done, total: None,
) -> Iterator[tuple[str, WrittenFilm | DataError]]:
    """Write the films of several inputs; the tables are read twice, however many films there are.

    Args:
        prediction: the folder of a prediction.
        paths: the file of each film, by the name of its input.
        blur_faces: see :func:`write_film`; so for ``progress`` and for what is raised.

    Yields:
        the name of each input that has frames, and its film, or why there is none: a video that was moved
        costs its own film only.
    """
    sources = {one.name: one for one in prediction.inputs if one.name in paths}
    plans = {
        name: FilmPlan.of(frames, prediction.classes, prediction.model)
        for name, frames in frames_of_inputs(prediction)
        if name in sources
    }
    for name, frames in frames_of_inputs(prediction):
        if name in sources:
            try:
                yield name, _write(sources[name], plans[name], frames, paths[name], blur_faces, progress)
            except DataError as error:
                yield name, error


def _write(
    source: PredictedInput,
    plan: FilmPlan,
    frames: Iterable[list[Moment]],
    out: Path,
    blur_faces: bool,
    progress: Progress,
    look: Look = lambda image, moments: None,
) -> WrittenFilm:
    video = Path(source.path)
    is_picture = is_image(video) and plan.n_frames == 1
    out = out.with_suffix(".png") if is_picture else out
    if out.exists() and video.exists() and out.samefile(video):
        raise SettingError(f"{out} is the video itself; name another file for its film")
    clock = clock_of(video)
    matched = MatchedFrames(video, plan.first_s, plan.last_s)
    told = with_covers(frames) if blur_faces else ((moments, ()) for moments in frames)
    film = canvas = None
    n_frames = 0
    with writing(out):
        try:
            for time_s, image, (moments, covers) in matched.read((one[0][0].time_s, one) for one in told):
                if film is None:
                    canvas = Canvas(*image.shape[:2], plan)
                    part = FilmPart(time_s, plan.last_s, is_whole=time_s < clock.frame_s / 2)
                    size = canvas.width, canvas.height
                    film = PictureFile(out) if is_picture else FilmFile(out, size, video, clock, part)
                look(image, moments)
                cover_faces(image, covers)
                film.add(canvas.draw(image, time_s, moments), time_s)
                n_frames += 1
                progress(source.name, n_frames, plan.n_frames)
            if film is None:
                raise DataError(
                    f"{video} has no frame at the times that were predicted of {source.name}, so it is "
                    "another video now; predict it again"
                )
            film.finish()
        except BaseException:
            if film is not None:
                film.give_up()
            raise
    notes = [source.reason, matched.fault, film.note]
    if matched.n_lost and not matched.fault:
        notes.append(f"the video lacks {matched.n_lost} of {plan.n_frames} frames that were predicted")
    kept = tuple(dict.fromkeys(note for note in notes if note))
    return WrittenFilm(path=out, n_frames=n_frames, has_sound=film.has_sound, notes=kept)
