"""From a film over a prediction and a review to clips with labels."""

import numpy as np
import pytest
from refused import refused

from vidfer.actors.draw import draw_clip
from vidfer.actors.encode import encode
from vidfer.actors.identity import sample_identity
from vidfer.build.build_cache import build_cache
from vidfer.clips import find_clips
from vidfer.clips.sources.prediction import COLUMNS
from vidfer.commands.predict import main as predict
from vidfer.crops.settings import CropSettings
from vidfer.errors import DataError
from vidfer.infer.prediction_folder import read_prediction
from vidfer.report.review_segments import PredictionReview
from vidfer.store.reader import CropCache
from vidfer.tables import write_table


@pytest.fixture(scope="module")
def predicted(tmp_path_factory):
    """A prediction of a film of two people, side by side."""
    folder = tmp_path_factory.mktemp("predicted")
    people = []
    for person, label in ((5, "happy"), (1, "neutral")):
        look = {"setting": "studio", "seed": person, "n_frames": 20, "fps": 20, "size": (320, 300)}
        people.append(draw_clip(sample_identity(np.random.default_rng(person)), label, **look)[0])
    encode(np.concatenate(people, axis=2), folder / "pair.mp4", fps=20, crf=18)
    predict([str(folder / "pair.mp4"), "--out", str(folder / "predictions" / "pair"), "--tables-only"])
    return folder / "predictions" / "pair"


@pytest.fixture
def prediction(predicted):
    """The same, before anybody has looked at it."""
    (predicted / "corrections.csv").unlink(missing_ok=True)
    return predicted


def say(prediction, words):
    """Say something of the first segments of the review, and tell them as rows."""
    review = PredictionReview(read_prediction(prediction), order="table")
    for item, word in zip(review.items, words):
        review.words.say(item.row, word)
    return review.words.rows


def test_what_people_said_becomes_labelled_clips_of_the_right_face(prediction, tmp_path):
    rows = say(prediction, ["surprise", "sad"])
    notes = []
    clips = find_clips("prediction", prediction, on_note=notes.append)
    assert [clip.label for clip in clips[:2]] == ["surprise", "sad"]
    assert all(clip.label is None for clip in clips[2:])
    assert len({clip.subject for clip in clips}) == 2 and clips[0].subject == f"pair.mp4#{rows[0]['face_id']}"
    assert any("2 labelled" in note for note in notes) and any("vidfer relabel" in note for note in notes)
    build_cache(clips, tmp_path / "pair.h5", CropSettings(size_px=32))
    cache = CropCache(tmp_path / "pair.h5")
    for place, clip in enumerate(cache.clips):
        middle = np.nanmean(cache.frames(place).boxes_xyxy[:, (0, 2)])
        assert (middle < 320) == (clip.subject == "pair.mp4#0")


def write_words(prediction, rows, word):
    rows = [[(row | {"corrected": word})[name] for name in COLUMNS] for row in rows]
    write_table(prediction / "corrections.csv", COLUMNS, rows)


def test_ok_takes_the_label_of_the_network(prediction):
    rows = say(prediction, [])
    write_words(prediction, rows, "OK")
    labels = {clip.id: clip.label for clip in find_clips("prediction", prediction.parent)}
    expected = {
        f"pair/{row['input']}#{row['face_id']}@{row['start_s']}-{row['end_s']}": row["label"] for row in rows
    }
    assert labels == {name: None if label == "unsure" else label for name, label in expected.items()}
    assert {"happy", None} <= set(labels.values())


def test_each_segment_of_a_face_has_its_own_box(tmp_path):
    """The face moves by 10 pixels a frame; segments stand in the order of their labels, not of time."""
    (tmp_path / "predict.json").write_text('{"classes": ["happy", "sad"]}')
    (tmp_path / "a.mp4").write_bytes(b"not opened here")
    columns = ("input", "face_id", "timestamp", "x", "y", "width", "height")
    frames = [("a.mp4", 0, number / 10, 10 * number, 5, 20, 30) for number in range(10)]
    frames.insert(4, ("a.mp4", "", 0.35, "", "", "", ""))  # nobody is seen
    write_table(tmp_path / "frames.csv", columns, frames)
    spans = [(0.7, 0.9), (0.0, 0.2), (0.2, 0.6)]
    words = [("a.mp4", 0, *span, tmp_path / "a.mp4", "happy", "sad") for span in spans]
    write_table(tmp_path / "corrections.csv", COLUMNS, words)
    boxes = {(clip.start_s, clip.end_s): clip.box_hint for clip in find_clips("prediction", tmp_path)}
    # The first frame is in the segment, the one at its end is not.
    assert boxes == {(0.7, 0.9): (75, 5, 95, 35), (0.0, 0.2): (5, 5, 25, 35), (0.2, 0.6): (35, 5, 55, 35)}


def test_mistakes_are_told(prediction, tmp_path):
    with refused(DataError, str(prediction), "vidfer review"):
        find_clips("prediction", prediction)
    with refused(DataError, str(tmp_path), "vidfer predict"):
        find_clips("prediction", tmp_path)
    rows = say(prediction, [])
    write_words(prediction, rows, "drop")
    with refused(DataError, "corrections.csv", "dropped"):
        find_clips("prediction", prediction)
    write_words(prediction, rows, "hapy")
    with refused(DataError, "corrections.csv", "line 2", "did you mean happy"):
        find_clips("prediction", prediction)
    write_words(prediction, [row | {"path": "gone.mp4"} for row in rows], "happy")
    with refused(DataError, "gone.mp4", "line 2"):
        find_clips("prediction", prediction)
