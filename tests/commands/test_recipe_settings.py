"""Defaults, the file of --protocol, and the options beside it, in that order."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from vidfer.commands.recipe_settings import protocol_of, settings_from_command_line
from vidfer.errors import VidferError
from vidfer.learn.settings import TrainSettings
from vidfer.models.settings import ModelSettings
from vidfer.runs.settings import RunSettings


@dataclass(frozen=True, kw_only=True)
class Settings(RunSettings):
    teacher: Path
    rounds: int = 1
    train: TrainSettings = field(default_factory=TrainSettings)


def test_options_override_the_file_and_the_file_the_defaults(tmp_path):
    file = tmp_path / "some.yaml"
    file.write_text("rounds: 3\ntrain: {epochs: 60, batch_size: 48}\n")
    common = ["--cache", "c.h5", "--out", "run", "--teacher", "t"]
    found = settings_from_command_line(
        Settings, "About.", [*common, "--protocol", str(file), "--train.epochs", "2"]
    )
    assert found == Settings(
        cache=Path("c.h5"),
        out=Path("run"),
        teacher=Path("t"),
        protocol=file,
        rounds=3,
        train=TrainSettings(epochs=2, batch_size=48),
    )
    plain = settings_from_command_line(Settings, "About.", common)
    assert plain == Settings(cache=Path("c.h5"), out=Path("run"), teacher=Path("t"))


def test_what_neither_says_is_still_asked_for(tmp_path, capsys):
    file = tmp_path / "some.yaml"
    file.write_text("rounds: 3\n")
    with pytest.raises(SystemExit):
        settings_from_command_line(Settings, "About.", [f"--protocol={file}", "--cache", "c.h5"])
    text = capsys.readouterr().err
    assert "--out" in text and "--teacher" in text


def test_help_shows_the_values_of_the_file(tmp_path, capsys):
    file = tmp_path / "some.yaml"
    file.write_text("rounds: 33\n")
    with pytest.raises(SystemExit):
        settings_from_command_line(Settings, "About.", ["--protocol", str(file), "--help"])
    assert "(default: 33)" in capsys.readouterr().out


def test_what_only_a_recipe_sets_is_no_option(tmp_path, capsys):
    @dataclass(frozen=True, kw_only=True)
    class WithModel(RunSettings):
        model: ModelSettings = field(default_factory=ModelSettings)

    needed = ["--cache", "c.h5", "--out", "run"]
    for arguments, said in ((["--help"], "--model.js-form"), ([*needed, "--model.whitened"], "Unrecognized")):
        with pytest.raises(SystemExit):
            settings_from_command_line(WithModel, "About.", arguments)
        told = capsys.readouterr()
        assert said in told.out + told.err and "--model.whitened" not in told.out
    assert not settings_from_command_line(WithModel, "About.", needed).model.whitened
    file = tmp_path / "some.yaml"
    file.write_text("model: {whitened: true}\n")
    with pytest.raises(VidferError, match=r"some.yaml: recipes/fewshot.py --whiten sets whitened of model"):
        settings_from_command_line(WithModel, "About.", [*needed, "--protocol", str(file)])


def test_the_file_that_is_named_last_counts():
    assert protocol_of(["--protocol", "a", "--x", "--protocol=b"]) == Path("b")
    assert protocol_of(["--x", "--protocol"]) is None  # tyro says what is missing


def test_a_wrong_file_is_one_message(tmp_path):
    (tmp_path / "some.yaml").write_text("round: 3\n")
    with pytest.raises(VidferError, match=r"there is no setting round; did you mean rounds\?"):
        settings_from_command_line(Settings, "", ["--protocol", str(tmp_path / "some.yaml")])
