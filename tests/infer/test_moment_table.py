"""Moments go into frames.csv and come back."""

import numpy as np
from refused import refused

from vidfer.errors import DataError, ResultError
from vidfer.infer.moment import Moment
from vidfer.infer.moment_table import FRAME_COLUMNS, column_of, read_moments, row_of
from vidfer.infer.prediction_folder import PredictedInput, PredictionFolder, read_prediction
from vidfer.tables import write_table

CLASSES = ("happy", "Status")

SEEN = Moment(
    input="a b.mp4",
    frame=1,
    time_s=0.04,
    face_id=2,
    score=0.98765,
    box_xyxy=np.array([1.5, 2, 30.25, 42], np.float32),
    status="tracked",
    label="happy",
    probabilities={"happy": 0.75, "Status": 0.25},
    face_px=33.333,
    sharpness=1.5,
    turn_deg=-12.0,
    brightness=99.0,
    warnings=("small face", "dark"),
)
EMPTY = Moment(input="a b.mp4", frame=2, time_s=0.08)
OTHER = Moment(input="c.mp4", frame=1, time_s=0.0)


def write(path, moments=(SEEN, EMPTY, OTHER)):
    columns = (*FRAME_COLUMNS, *map(column_of, CLASSES))
    write_table(path, columns, [row_of(moment, CLASSES) for moment in moments])
    return path


def test_moments_come_back_frame_by_frame(tmp_path):
    table = write(tmp_path / "frames.csv")
    (first,), (second,), (third,) = read_moments(table, CLASSES)
    assert first.box_xyxy.tolist() == SEEN.box_xyxy.tolist()
    assert (first.face_px, first.score) == (33.33, 0.9877)
    for name in (
        "input",
        "frame",
        "time_s",
        "face_id",
        "status",
        "label",
        "probabilities",
        "warnings",
        "turn_deg",
    ):
        assert getattr(first, name) == getattr(SEEN, name)
    assert (second, third) == (EMPTY, OTHER)
    assert [len(frame) for frame in read_moments(table, CLASSES, "c.mp4")] == [1]


def test_a_class_named_as_another_column_has_its_own(tmp_path):
    assert column_of("Status") == "p_Status"
    header = write(tmp_path / "frames.csv").read_text().splitlines()[0].split(",")
    assert header[:10] == [
        *("input", "frame", "timestamp", "face_id", "success", "confidence", "x", "y", "width", "height")
    ]
    assert header[-2:] == ["happy", "p_Status"]


def test_a_damaged_cell_is_named(tmp_path):
    table = write(tmp_path / "frames.csv")
    table.write_text(table.read_text().replace("0.9877", "many"))
    with refused(DataError, "line 2", "many"):
        list(read_moments(table, CLASSES))


def test_the_folder_comes_back(tmp_path):
    folder = PredictionFolder(
        folder=tmp_path,
        classes=CLASSES,
        model={"name": "basic7", "threshold": 0.5},
        settings={"fps": None},
        inputs=(PredictedInput(name="a", path="/videos/a.mp4", state="done", n_frames=3),),
    )
    folder.write()
    assert read_prediction(tmp_path) == folder


def test_what_is_no_prediction_is_refused(tmp_path):
    with refused(ResultError, "no prediction", "--out"):
        read_prediction(tmp_path)
    (tmp_path / "predict.json").write_text('{"format": "vidfer-prediction", "version": 1}')
    with refused(ResultError, "damaged"):
        read_prediction(tmp_path)
