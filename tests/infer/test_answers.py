"""What a predictor answers: as text, compared, pickled, and as tables whose columns keep their types."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from vidfer.infer.answers import Answers, Prediction
from vidfer.infer.moment import Moment

CLASSES = ("happy", "sad")


def moment(frame: int = 1, face_id: int | None = 0, **changed) -> Moment:
    if face_id is None:
        return Moment(input="a.mp4", frame=frame, time_s=frame / 25)
    fields = {
        "score": 0.99,
        "box_xyxy": np.array([10, 20, 30, 50], np.float32),
        "landmarks": np.zeros((5, 2), np.float32),
        "status": "detected",
        "label": "happy",
        "probabilities": {"happy": 0.75, "sad": 0.25},
        "face_px": 40.0,
        "sharpness": 3.0,
        "brightness": 100.0,
    }
    return Moment(input="a.mp4", frame=frame, time_s=frame / 25, face_id=face_id, **(fields | changed))


def prediction() -> Prediction:
    return Prediction(CLASSES, [[moment(1), moment(1, 1)], [moment(2, None)]], {"b.mp4": "not a video"})


def answers() -> Answers:
    shown = np.array([[0.9, 0.1], [0.5, 0.5], [np.nan, np.nan], [0.8, 0.2]], np.float32)
    return Answers(["a", "b", "c", "d"], CLASSES, shown, 0.6)


def test_a_long_result_has_a_short_text():
    assert repr(prediction()) == "Prediction(inputs=1, frames=2, people=2, moments=3, faults=1)"
    assert repr(answers()) == "Answers(4: 2 happy, 1 unsure, 1 no face)"
    assert repr(Prediction(CLASSES)) == "Prediction(inputs=0, frames=0, people=0, moments=0, faults=0)"


def test_results_are_equal_where_all_their_numbers_are():
    assert moment() == moment() and {moment(): 1}[moment()] == 1
    other_box = np.array([10, 20, 30, 51], np.float32)
    for changed in ({"box_xyxy": other_box}, {"box_xyxy": None}, {"label": "sad"}, {"turn_deg": 3.0}):
        assert moment() != moment(**changed)
    assert prediction() == prediction() and answers() == answers()
    assert answers() != replace(answers(), probabilities=answers().probabilities[::-1])
    assert moment() != answers() and answers() != "happy"


@pytest.mark.parametrize("made", [moment, prediction, answers])
def test_results_can_be_sent_to_another_process(made):
    assert pickle.loads(pickle.dumps(made())) == made()


def test_columns_have_the_same_types_whatever_is_seen():
    pd = pytest.importorskip("pandas")
    nobody = Prediction(CLASSES, [[moment(1, None)], [moment(2, None)]])
    texts = {"input", "status", "label", "warning"}
    for of in (Prediction.to_pandas, Prediction.people_to_pandas, Prediction.segments_to_pandas):
        tables = [of(one) for one in (prediction(), nobody, Prediction(CLASSES))]
        for table in tables:
            assert list(table.dtypes) == list(tables[0].dtypes)
        kinds = {name: pd.api.types.infer_dtype(tables[0][name]) for name in tables[0]}
        assert {name for name, kind in kinds.items() if kind == "string"} == texts & set(kinds)
        whole = {"frame", "face_id", "success", "n_frames"}
        assert {name for name, kind in kinds.items() if kind == "integer"} == whole & set(kinds)
    table = prediction().to_pandas()
    assert table["face_id"].isna().tolist() == [False, False, True] and table["face_id"][1] == 1
    assert table["label"].isna().tolist() == [False, False, True] and table["happy"][0] == 0.75


def test_a_class_may_be_named_like_a_column_of_texts():
    pytest.importorskip("pandas")
    table = Answers(["a"], ("status", "n_frames"), np.array([[0.9, 0.1]], np.float32), 0.5).to_pandas()
    assert table["status"][0] == pytest.approx(0.9) and table["n_frames"].dtype == float
