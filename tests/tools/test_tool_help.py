"""Every tool starts and explains its options, and the page of tools names every one of them."""

import ast
import doctest
import re
import runpy
from contextlib import suppress
from pathlib import Path

import program
import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
FILES = sorted(TOOLS.glob("*.py"))
PROGRAMS = [file for file in FILES if '__name__ == "__main__"' in file.read_text(encoding="utf-8")]


@pytest.mark.parametrize("file", PROGRAMS, ids=lambda file: file.name)
def test_help(file, monkeypatch, capsys):
    """In the form of vidfer's own help pages, with the command lines of the docstring."""
    monkeypatch.setattr("sys.argv", [file.name, "--help"])
    with suppress(SystemExit):
        runpy.run_path(str(file), run_name="__main__")
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: {'python tools/' * (file.name == 'study.py')}{file.name} ")
    if file.name != "study.py":
        assert "  -h, --help            Show this page.\n" in shown
        about = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
        assert ("\nExamples\n" in shown) == ("python tools/" in about)


@pytest.mark.parametrize("name", ["draw_film.py", "hash_split.py", "calibration_clips.py"])
def test_a_wrong_option_is_one_line(name, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", [name, "--frobnicate", "red"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(TOOLS / name), run_name="__main__")
    assert stop.value.code == 2
    assert capsys.readouterr().err == (
        f"{name}: there is no option --frobnicate; `{name} --help` lists them\n"
    )


def test_what_is_missing_is_shown_in_an_example_of_the_tool_itself(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["bench_jpeg.py"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(TOOLS / "bench_jpeg.py"), run_name="__main__")
    example = "python tools/bench_jpeg.py --cache raw.h5"
    assert capsys.readouterr().err == f"bench_jpeg.py: --cache PATH is missing, as in `{example}`\n"


def test_a_docstring_is_text_and_examples():
    assert doctest.testmod(program).failed == 0
    about = "Count.\n\nmake demo\nX=1 python tools/a.py \\\n    --b  # why\n\nThree ways:\n\n* one\n* two"
    text, examples = program.taken_apart(about)
    assert examples == [("make demo", ""), ("X=1 python tools/a.py --b", "why")]
    assert text.split("\n\n") == ["Count.", "Three ways:", "* one", "* two"]


def test_the_page_names_every_file_and_no_other():
    page = (TOOLS / "README.md").read_text(encoding="utf-8")
    assert {f"{name}.py" for name in re.findall(r"`(\w+)\.py\b", page)} == {file.name for file in FILES}
