"""Which folder a prediction goes into where the user names none."""

from dataclasses import replace

import pytest
from refused import refused

from vidfer.errors import ResultError
from vidfer.infer.prediction_folder import PredictedInput, PredictionFolder, read_prediction
from vidfer.infer.same_prediction import go_on_with, own_folder


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
        folder = own_folder(one)[0].folder
        folder.mkdir(parents=True, exist_ok=True)
        replace(one, folder=folder).write()
        found.append(folder.name)
    assert found == ["a", "a_2", "a_3", "a", "a_3", "a_2"]


def test_a_file_of_the_same_name_elsewhere_is_another_one(wanted, tmp_path):
    wanted.folder.mkdir(parents=True)
    wanted.write()
    elsewhere = PredictedInput(name="a.mp4", path=str(tmp_path / "other" / "a.mp4"))
    assert own_folder(replace(wanted, inputs=(elsewhere,)))[0].folder.name == "a_2"
    more = (*wanted.inputs, PredictedInput(name="b.mp4", path=str(tmp_path / "b.mp4")))
    assert own_folder(replace(wanted, inputs=more))[0].folder.name == "a"


def test_a_film_is_the_same_by_whatever_way_it_was_named(wanted, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    wanted.folder.mkdir(parents=True)
    old = PredictedInput(name="a.mp4", path=str(tmp_path / "x" / ".." / "a.mp4"), state="done")
    replace(wanted, inputs=(old,)).write()
    now = [
        PredictedInput(name=f"x/{name}", path=str(tmp_path / "link" / name)) for name in ("a.mp4", "b.mp4")
    ]
    found = go_on_with(read_prediction(wanted.folder), replace(wanted, inputs=tuple(now)))
    assert found.inputs == (old, now[1])
    now.append(PredictedInput(name="a.mp4", path=str(tmp_path / "y" / "a.mp4")))
    with refused(ResultError, tmp_path / "y" / "a.mp4", "one name"):
        go_on_with(read_prediction(wanted.folder), replace(wanted, inputs=tuple(now)))


def test_what_could_not_be_read_and_is_not_named_any_more_is_left_out(wanted, tmp_path):
    closed = PredictedInput(name="closed", path=str(tmp_path / "closed"), state="failed", reason="closed")
    film = PredictedInput(name="closed/b.mp4", path=str(tmp_path / "closed" / "b.mp4"))
    there = replace(wanted, inputs=(*wanted.inputs, closed))
    assert go_on_with(there, replace(wanted, inputs=(*wanted.inputs, film))).inputs == (*wanted.inputs, film)
    assert go_on_with(there, there).inputs == there.inputs
    done = replace(closed, state="done")
    with refused(ResultError, tmp_path / "closed", "not among the inputs"):
        go_on_with(replace(there, inputs=(done,)), wanted)


def test_another_wording_of_the_same_threshold_is_no_other_model(wanted):
    before = replace(wanted, model=wanted.model | {"threshold_says": "answers 59%"})
    now = replace(wanted, model=wanted.model | {"threshold_says": "answers 59 %"})
    assert go_on_with(before, now).inputs == before.inputs


def test_why_a_prediction_goes_elsewhere_is_told(wanted, tmp_path):
    wanted.folder.mkdir(parents=True)
    (tmp_path / "a.mp4").write_bytes(b"whole film")
    done = replace(wanted.inputs[0], state="done", n_bytes=5)
    for one, note in ((done, f"in {wanted.folder}"), (replace(done, reason="cut"), "still being copied)")):
        replace(wanted, inputs=(one,)).write()
        found, why = own_folder(wanted)
        assert found.folder.name == "a_2"
        assert why.startswith(f"{tmp_path / 'a.mp4'} is another file") and why.endswith(note)
    (tmp_path / "a.mp4").unlink()
    assert own_folder(wanted) == (wanted, "")
    assert "(setting fps)" in own_folder(replace(wanted, settings=wanted.settings | {"fps": 5}))[1]


def test_a_damaged_prediction_is_told_and_not_passed_by(wanted):
    wanted.folder.mkdir(parents=True)
    (wanted.folder / "predict.json").write_text("{")
    with refused(ResultError, "predict.json is damaged"):
        own_folder(wanted)
