"""Predicts many inputs, one after the other, into the tables of a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vidfer.build.cut_faces import faults_as_reasons, without_paths
from vidfer.clips.clip import Clip
from vidfer.clips.media import video_header
from vidfer.errors import DataError
from vidfer.infer.predict_film import FilmPredictor
from vidfer.infer.prediction_writer import PredictionWriter


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
        clips: the inputs, named as in ``writer.about``.
        writer: open for writing.
        progress: called with the name of an input, the number of its frames so far, and of all, as its header
            says.
    """
    by_name = {clip.id: clip for clip in clips}
    inputs = sorted(enumerate(writer.about.inputs), key=lambda found: found[1].state != "begun")
    for place, one in inputs:
        if one.state != "done":
            _predict(predictor, by_name[one.name], writer, place, progress)


def _predict(
    predictor: FilmPredictor,
    clip: Clip,
    writer: PredictionWriter,
    place: int,
    progress: Callable[[str, int, int], None] | None,
) -> None:
    header = video_header(clip.path) if clip.path.is_file() else None
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
        duration_s=film.last_s,
        width=film.width,
        height=film.height,
    )
