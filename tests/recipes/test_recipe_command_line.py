"""The recipes as commands: help, and one message for a mistake."""

import runpy

import pytest
from recipe_runs import RECIPES


def run(name: str, monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", [name, *arguments])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(RECIPES / name), run_name="__main__")
    return stop.value.code


@pytest.mark.parametrize("name", ["supervised.py", "noisy_student.py", "fewshot.py", "egs.py"])
def test_help_names_the_settings_of_all_groups(name, monkeypatch, capsys):
    assert run(name, monkeypatch, "--help") == 0
    text = capsys.readouterr().out
    for option in (
        "--cache",
        "--out",
        "--resume",
        "--seed",
        "--mixed-precision",
        "--data.frames",
        "--noise.magnitude",
    ):
        assert option in text
    assert "--optim.lr" in text and f"\n  accelerate launch recipes/{name} --cache" in text


@pytest.mark.parametrize("name", ["supervised.py", "fewshot.py", "egs.py"])
def test_a_mistake_is_one_message_and_status_2(name, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert run(name, monkeypatch, "--cache", "nowhere.h5", "--out", "run") == 2
    error = capsys.readouterr().err
    assert error.startswith(f"{name}: there is no crop cache nowhere.h5") and error.count("\n") == 1


def test_settings_out_of_range_are_mistakes_too(monkeypatch, capsys):
    common = ("--cache", "a.h5", "--out", "run")
    assert run("supervised.py", monkeypatch, *common, "--train.batch-size", "1") == 2
    assert "--train.batch-size 1: batch normalisation needs at least 2 clips" in capsys.readouterr().err
