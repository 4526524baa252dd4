"""Predicts many inputs, one after the other, into the tables of a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from vidfer.build.cut_faces import faults_as_reasons, without_paths
from vidfer.clips.clip import Clip
from vidfer.clips.media import video_header
from vidfer.errors import DataError
from vidfer.infer.predict_film import FilmPredictor
from vidfer.infer.prediction_writer import PredictionWriter
from vidfer.infer.same_prediction import bytes_of, real_path


def predict_inputs(
    predictor: FilmPredictor,
    clips: Sequence[Clip],
    writer: PredictionWriter,
    progress: Callable[[str, int, int], None] | None = None,
) -> None:
    """Predict all inputs that are not done yet. One that cannot be read does not stop the others.

    The one that was begun before comes first, because its rows end the tables. One that could not be read is
    tried again.

    Args:
        predictor: who predicts.
        clips: the inputs. Their names in the tables are those of ``writer.about``.
        writer: open for writing.
        progress: called with the name of an input, the number of its frames so far, and of all, as its header
            says.
    """
    clip_at = {real_path(clip.path): clip for clip in clips}
    inputs = sorted(enumerate(writer.about.inputs), key=lambda found: found[1].state != "begun")
    for place, one in inputs:
        if one.state != "done":
            clip = replace(clip_at[real_path(one.path)], id=one.name)
            _predict(predictor, clip, writer, place, progress)


def _predict(
    predictor: FilmPredictor,
    clip: Clip,
    writer: PredictionWriter,
    place: int,
    progress: Callable[[str, int, int], None] | None,
) -> None:
    header = video_header(clip.path) if bytes_of(clip.path) else None  # no pipe, which would wait
    film, reason = predictor.predict(clip), ""
    pieces = film.pieces(writer.begin(place))
    while True:
        try:
            with faults_as_reasons(clip):
                piece = next(pieces, None)
        except DataError as error:
            reason = str(error)
            break
        if piece is None:
            break
        for frame in piece:
            writer.add(frame)
        writer.keep(film.state)
        if progress is not None:
            progress(clip.id, film.n_frames, max(film.n_frames, header[1] if header else 0))
    if not film.n_frames:
        writer.fail(place, reason)
        return
    writer.finish(
        place,
        reason=reason or without_paths(film.fault, clip),
        rotate_deg=film.rotate_deg,
        duration_s=film.last_s,
        width=film.width,
        height=film.height,
    )
