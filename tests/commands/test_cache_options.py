"""The options of ``vidfer cache``: few in the short help, all of them settable."""

import re

import pytest

from vidfer.build.settings import BuildSettings
from vidfer.commands.main import main
from vidfer.crops.settings import CropSettings


def options_in(page: str, capsys, monkeypatch) -> set[str]:
    monkeypatch.setattr("sys.argv", ["vidfer", "cache", page])
    with pytest.raises(SystemExit):
        main()
    return set(re.findall(r"^  (--[a-z][a-z-]*)", capsys.readouterr().out, re.MULTILINE))


def test_the_short_help_shows_fifteen_options_and_the_long_one_all(capsys, monkeypatch):
    short = options_in("--help", capsys, monkeypatch)
    assert len(short - {"--quiet", "--json"}) <= 15
    assert {"--src", "--root", "--out", "--face", "--size-px", "--reader"} <= short
    every = {f"--{name.replace('_', '-')}" for name in vars(CropSettings()) | vars(BuildSettings())}
    assert options_in("--help-all", capsys, monkeypatch) == short | every


def test_an_option_that_the_short_help_leaves_out_can_be_set(capsys, monkeypatch, tmp_path):
    arguments = ["--src", "folder", "--root", str(tmp_path), "--out", str(tmp_path / "c.h5")]
    monkeypatch.setattr("sys.argv", ["vidfer", "cache", *arguments, "--key-every-s", "-1"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    message = capsys.readouterr().err
    assert "key_every_s" in message and "-1" in message
