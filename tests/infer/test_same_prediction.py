"""Which folder a prediction goes into where the user names none."""

from dataclasses import replace

import pytest
from refused import refused

from vidfer.errors import ResultError
from vidfer.infer.prediction_folder import PredictedInput, PredictionFolder
from vidfer.infer.same_prediction import own_folder


@pytest.fixture
def wanted(tmp_path):
    film = PredictedInput(name="a.mp4", path=str(tmp_path / "a.mp4"))
    return PredictionFolder(
        folder=tmp_path / "predictions" / "a",
        classes=("happy", "sad"),
        model={"name": "basic7", "threshold": 0.6},
        settings={"thresholds": (0.6, 0.7, 0.7)},
        inputs=(film,),
    )


def test_the_same_prediction_keeps_its_folder_and_others_get_their_own(wanted):
    others = [replace(wanted, model=wanted.model | {"threshold": value}) for value in (0.7, 0.8)]
    found = []
    for one in (wanted, *others, wanted, others[1], others[0]):
        folder = own_folder(one).folder
        folder.mkdir(parents=True, exist_ok=True)
        replace(one, folder=folder).write()
        found.append(folder.name)
    assert found == ["a", "a_2", "a_3", "a", "a_3", "a_2"]


def test_a_file_of_the_same_name_elsewhere_is_another_one(wanted, tmp_path):
    wanted.folder.mkdir(parents=True)
    wanted.write()
    elsewhere = PredictedInput(name="a.mp4", path=str(tmp_path / "other" / "a.mp4"))
    assert own_folder(replace(wanted, inputs=(elsewhere,))).folder.name == "a_2"
    more = (*wanted.inputs, PredictedInput(name="b.mp4", path=str(tmp_path / "b.mp4")))
    assert own_folder(replace(wanted, inputs=more)).folder.name == "a"


def test_a_damaged_prediction_is_told_and_not_passed_by(wanted):
    wanted.folder.mkdir(parents=True)
    (wanted.folder / "predict.json").write_text("{")
    with refused(ResultError, "predict.json is damaged"):
        own_folder(wanted)
