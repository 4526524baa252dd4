"""Every tool starts and explains its options, and the page of tools names every one of them."""

import re
import runpy
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
FILES = sorted(TOOLS.glob("*.py"))
PROGRAMS = [file for file in FILES if '__name__ == "__main__"' in file.read_text(encoding="utf-8")]
WITHOUT_OPTIONS = {"bench_noise.py", "calibration_clips.py"}


@pytest.mark.parametrize("file", [file for file in PROGRAMS if file.name not in WITHOUT_OPTIONS], ids=str)
def test_help(file, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", [file.name, "--help"])
    try:
        runpy.run_path(str(file), run_name="__main__")
    except SystemExit as stop:
        assert not stop.code
    assert "usage:" in capsys.readouterr().out.lower()


@pytest.mark.parametrize("name", sorted(WITHOUT_OPTIONS))
def test_programs_without_options_can_be_imported(name):
    assert callable(runpy.run_path(str(TOOLS / name))["main"])


def test_the_page_names_every_file_and_no_other():
    page = (TOOLS / "README.md").read_text(encoding="utf-8")
    assert {f"{name}.py" for name in re.findall(r"`(\w+)\.py\b", page)} == {file.name for file in FILES}
