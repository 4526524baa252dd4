"""Writes the film of a prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vidfer.errors import DataError, ResultError, SettingError
from vidfer.files import writing
from vidfer.infer.prediction_folder import PredictedInput, PredictionFolder, read_prediction
from vidfer.report.film.canvas import Canvas, FilmPlan
from vidfer.report.film.clock import clock_of
from vidfer.report.film.cover import cover_faces, with_covers
from vidfer.report.film.film_file import FilmFile
from vidfer.report.film.matched_frames import MatchedFrames


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
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> WrittenFilm:
    """Write the film of one input of a prediction: the video with its sound, and what was predicted.

    Around each face are corners, and beside it a tag. Below the picture each person has a card with the
    label, the probabilities and their last seconds. The film has the frames that were predicted, at the times
    at which the video shows them.

    Args:
        prediction: the folder of a prediction.
        name: of the input, as in its tables.
        out: the MP4 file to write.
        blur_faces: make the faces that were followed unrecognisable.
        progress: is told how many frames are done, and of how many.

    Raises:
        ResultError: there is no prediction in the folder, or none of this input.
        DataError: the video cannot be read any more, or is not the one that was predicted.
        SettingError: the film would replace the video.
        DiskError: the disk is full. No half film is left.
        MissingPackageError: PyAV has no H.264 encoder.
    """
    prediction = prediction if isinstance(prediction, PredictionFolder) else read_prediction(Path(prediction))
    source = _input_of(prediction, name)
    video, out = Path(source.path), Path(out)
    if out.exists() and video.exists() and out.samefile(video):
        raise SettingError(f"{out} is the video itself; name another file for its film")
    plan = FilmPlan.of(prediction.moments(name), prediction.classes, prediction.model)
    if plan is None:
        why = f": {source.reason}" if source.reason else ""
        raise ResultError(f"{prediction.folder} has no frame of {name}{why}; a film needs frames")
    clock = clock_of(video)
    matched = MatchedFrames(video, plan.first_s, plan.last_s)
    told = ((told[0][0].time_s, told) for told in _covered(prediction, name, blur_faces))
    film = canvas = None
    n_frames = 0
    with writing(out):
        try:
            for time_s, image, (moments, covers) in matched.read(told):
                if film is None:
                    canvas = Canvas(*image.shape[:2], plan)
                    film = FilmFile(
                        out,
                        (canvas.width, canvas.height),
                        video,
                        clock,
                        first_s=time_s,
                        last_s=plan.last_s,
                        is_whole=time_s < clock.frame_s / 2,
                    )
                cover_faces(image, covers)
                film.add(canvas.draw(image, time_s, moments), time_s)
                n_frames += 1
                progress(n_frames, plan.n_frames)
            if film is None:
                raise DataError(
                    f"{video} has no frame at the times of {name} in {prediction.frames_csv}, so it is "
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


def _input_of(prediction: PredictionFolder, name: str) -> PredictedInput:
    found = next((one for one in prediction.inputs if one.name == name), None)
    if found is None:
        names = ", ".join(one.name for one in prediction.inputs[:5])
        raise ResultError(f"{prediction.folder} has no input '{name}'; it has {names or 'none'}")
    return found


def _covered(prediction: PredictionFolder, name: str, blur_faces: bool) -> Iterator[tuple]:
    """The moments of each frame, and the boxes that are to be covered in it."""
    frames = prediction.moments(name)
    return with_covers(frames) if blur_faces else ((moments, ()) for moments in frames)
