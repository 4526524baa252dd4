"""Reviewing a prediction: its segments, with faces from the video, and the table of corrections."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from refused import refused

from vidfer.errors import DataError, RunError
from vidfer.infer.moment import Moment
from vidfer.infer.moment_table import FRAME_COLUMNS, row_of
from vidfer.infer.prediction_folder import PredictedInput, PredictionFolder
from vidfer.report.review_segments import PredictionReview
from vidfer.tables import read_table, write_table

CLASSES = ("angry", "happy")
COLUMNS = ("input", "face_id", "start_s", "end_s", "label", "probability", "unsure_share")
N_FRAMES = 50


def write_film(path: Path) -> None:
    """A grey square of 32 px in each half; the left one grows brighter, the right one is dark."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "4"})
        stream.width, stream.height, stream.pix_fmt = 192, 96, "yuv420p"
        for number in range(N_FRAMES):
            image = np.zeros((96, 192, 3), np.uint8)
            image[:, :96], image[:, 96:] = 60 + 3 * number, 30
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


@pytest.fixture
def prediction(tmp_path) -> PredictionFolder:
    write_film(tmp_path / "film.mp4")
    film = PredictedInput(
        name="film.mp4",
        path=str(tmp_path / "film.mp4"),
        state="done",
        n_frames=N_FRAMES,
        width=192,
        height=96,
    )
    folder = PredictionFolder(folder=tmp_path / "out", classes=CLASSES, model={}, settings={}, inputs=(film,))
    folder.write()
    moments = [
        Moment(
            input="film.mp4",
            frame=frame + 1,
            time_s=frame / 25,
            face_id=face,
            box_xyxy=np.float32([32, 32, 64, 64]) + np.float32([96 * face, 0, 96 * face, 0]),
            label="happy",
            probabilities={"angry": 0.1, "happy": 0.9},
        )
        for frame in range(N_FRAMES)
        for face in (0, 1)
    ]
    write_table(folder.frames_csv, [*FRAME_COLUMNS, *CLASSES], [row_of(one, CLASSES) for one in moments])
    rows = [
        ("film.mp4", 0, 0.0, 1.0, "happy", 0.9, 0.0),
        ("film.mp4", 0, 1.0, 2.0, "unsure", 0.4, 1.0),
        ("film.mp4", 1, 0.0, 2.0, "angry", 0.7, 0.0),
    ]
    write_table(folder.segments_csv, COLUMNS, rows)
    return folder


def greys(jpeg: bytes) -> list[float]:
    sheet = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    return [float(sheet[:, at : at + 192].mean()) for at in range(0, sheet.shape[1], 192)]


def test_the_least_probable_segment_comes_first_and_shows_its_face_and_time(prediction):
    review = PredictionReview(prediction)
    assert [(item.label, item.detail) for item in review.items] == [
        ("unsure", "face 0, from 1.00 s to 2.00 s"),
        ("angry", "face 1, from 0.00 s to 2.00 s"),
        ("happy", "face 0, from 0.00 s to 1.00 s"),
    ]
    assert review.items[0].probabilities == pytest.approx((0.1, 0.9))  # the mean over its frames
    late, other, early = (greys(review.sheet(place)) for place in range(3))
    assert len(late) == len(other) == len(early) == 24
    assert np.abs(np.subtract([late[0], late[-1]], [60 + 3 * 25, 60 + 3 * 49])).max() < 8
    assert np.abs(np.subtract([early[0], early[-1]], [60, 60 + 3 * 24])).max() < 8
    assert np.abs(np.subtract(other, 30)).max() < 8
    assert late == sorted(late)


def test_words_go_into_a_table_beside_the_segments_and_the_review_goes_on(prediction):
    review = PredictionReview(prediction)
    review.words.say(review.items[0].row, "happy")
    review.words.say(review.items[1].row, "ok")
    again = PredictionReview(prediction)
    assert [again.words.word(item.row) for item in again.items] == ["happy", "ok", ""]
    rows = read_table(prediction.folder / "corrections.csv", ())
    assert [(row["start_s"], row["end_s"], row["label"], row["corrected"]) for row in rows] == [
        ("0.0", "1.0", "happy", ""),
        ("1.0", "2.0", "unsure", "happy"),
        ("0.0", "2.0", "angry", "ok"),
    ]
    assert {row["path"] for row in rows} == {prediction.inputs[0].path}


def test_a_face_at_the_edge_is_shown_with_what_there_is(prediction):
    text = prediction.frames_csv.read_text()
    assert ",128.0,32.0,32.0,32.0," in text
    prediction.frames_csv.write_text(text.replace(",128.0,32.0,32.0,32.0,", ",176.0,80.0,32.0,32.0,"))
    review = PredictionReview(prediction)
    [shown] = {round(grey) for grey in greys(review.sheet(1))}
    assert 60 < shown < 128  # a quarter of the face, and grey around it


def test_a_prediction_that_went_on_asks_for_a_new_table(prediction):
    PredictionReview(prediction)
    text = prediction.segments_csv.read_text()
    prediction.segments_csv.write_text(text.replace("0,1.0,2.0,", "0,1.0,1.5,"))
    with refused(RunError, "corrections.csv", "segments.csv", "move it"):
        PredictionReview(prediction)


def test_what_cannot_be_shown_is_told(prediction):
    review = PredictionReview(prediction)
    Path(prediction.inputs[0].path).unlink()
    with refused(RunError, "film.mp4", "put the video back"):
        review.sheet(0)
    prediction.segments_csv.write_text(",".join(COLUMNS) + "\n")
    with refused(RunError, "segments.csv", "no segment"):
        PredictionReview(prediction)
    (prediction.folder / "corrections.csv").unlink()
    prediction.segments_csv.write_text(",".join(COLUMNS) + "\nfilm.mp4,0,soon,1,happy,0.9,0\n")
    with refused(DataError, "corrections.csv", "line 2", "soon"):
        PredictionReview(prediction)
