"""Every kind of file goes through a prediction: what can be read is, what cannot is told."""

import pytest

from vidfer.clips.inputs import find_inputs
from vidfer.infer.predict_inputs import predict_inputs
from vidfer.infer.prediction_folder import PredictedInput, PredictionFolder, read_prediction
from vidfer.infer.prediction_writer import PredictionWriter

UNREADABLE = {"audio_only.mp4", "empty.mp4", "garbage.mp4", "textfile.mp4", "truncated_60pct_moov_end.mp4"}
BROKEN_OFF = {"bitflips.mp4", "truncated_50pct.avi", "truncated_60pct_faststart.mp4"}
NO_FACE = {"black_noface.mp4", "pyfeat_no_face.mp4", "testsrc_noface.mp4"}
TWO, THREE = {"two_faces.mp4"}, {"three_faces.mp4"}


@pytest.mark.slow
def test_hard_clips(shared, film_predictor, tmp_path):
    clips = find_inputs([shared / "data" / "hard_clips"])
    inputs = tuple(PredictedInput(name=clip.id, path=str(clip.path)) for clip in clips)
    about = PredictionFolder(
        folder=tmp_path,
        classes=film_predictor.classifier.classes,
        model=film_predictor.classifier.about,
        settings={},
        inputs=inputs,
    )
    with PredictionWriter(about) as writer:
        predict_inputs(film_predictor, clips, writer)
    found = {one.name: one for one in read_prediction(tmp_path).inputs}
    assert len(found) > 55
    assert {name for name, one in found.items() if one.state == "failed"} == UNREADABLE
    assert {name for name, one in found.items() if one.reason} == UNREADABLE | BROKEN_OFF
    people = {name: one.n_people for name, one in found.items() if one.state == "done"}
    assert {name for name, n in people.items() if n == 0} == NO_FACE
    assert {name for name, n in people.items() if n == 2} == TWO
    assert {name for name, n in people.items() if n == 3} == THREE
