"""The program that runs a study by its name."""

from importlib import import_module

import pytest
import study


def test_every_study_in_the_table_can_be_run(capsys):
    for name in study.STUDIES:
        module = import_module(f"studies.{name}")
        assert module.Settings().out and callable(module.main)
        with pytest.raises(SystemExit) as stop:
            study.main([name, "--help"])
        assert stop.value.code == 0 and "--out" in capsys.readouterr().out


def test_without_a_name_it_lists_the_studies(capsys):
    study.main([])
    shown = capsys.readouterr().out
    assert all(name in shown for name in study.STUDIES)


def test_a_name_that_is_none(capsys):
    with pytest.raises(SystemExit) as stop:
        study.main(["stars"])
    assert stop.value.code == 2
    shown = capsys.readouterr().err
    assert "stars" in shown and all(name in shown for name in study.STUDIES)


def test_a_wrong_option_of_a_study_is_one_message(capsys, tmp_path):
    with pytest.raises(SystemExit) as stop:
        study.main(["systems", "--systems", "svm", "--out", str(tmp_path / "out")])
    assert stop.value.code == 2
    shown = capsys.readouterr().err
    assert "svm" in shown and "prototypical" in shown and not (tmp_path / "out").exists()
