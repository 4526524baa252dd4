"""Names from files that hold what controls a terminal."""

import ast
import io
import subprocess
import sys
from pathlib import Path

import pytest

import vidfer.commands
from vidfer.commands.say import say
from vidfer.errors import DataError, exit_on_user_error
from vidfer.tables import read_table
from vidfer.terminal import coloured_text, shows_colours, shows_unicode, terminal_text

RED = "\x1b[31m"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"ann{RED}.mp4", r"ann\x1b[31m.mp4"),
        ("a\rb\bc\x7f\0", r"a\x0db\x08c\x7f\x00"),
        ("\x9b31m", r"\x9b31m"),  # an escape in one byte
        ("a\u202egpj.exe\u2069", r"a\u202egpj.exe\u2069"),  # written from right to left
        ("\ud83d \udcff", r"\ud83d \udcff"),
        ("two\n\tlines, ü 笑 🙂 \\x1b", "two\n\tlines, ü 笑 🙂 \\x1b"),
    ],
)
def test_what_controls_a_terminal_is_spelled(text, shown, capsys):
    assert terminal_text(text) == shown
    say(text)
    assert capsys.readouterr().out == shown + "\n"


@pytest.mark.parametrize("error", [DataError(f"bad {RED}"), FileNotFoundError(2, "No such file", f"x/{RED}")])
def test_messages_of_errors(error, capsys):
    with pytest.raises(SystemExit), exit_on_user_error():
        raise error
    said = capsys.readouterr().err
    assert r"\x1b[31m" in said and "\x1b" not in said


def test_commands_print_in_one_place_only():
    for path in Path(vidfer.commands.__file__).parent.glob("*.py"):
        calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        assert path.name == "say.py" or not any(getattr(call.func, "id", "") == "print" for call in calls)


def test_a_cache_with_such_an_id(tmp_path):
    """From the listing to the pages of `inspect`: the id is shown spelled, and its table gives it back."""
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / f"={RED}.mp4").write_bytes(b"no video")
    cache, table = tmp_path / "c.h5", tmp_path / "failures.csv"
    commands = [
        ["cache", "--src", "folder", "--root", tmp_path / "videos", "--out", cache, "--device", "cpu"],
        ["inspect", cache],
        ["inspect", cache, "--failures"],
        ["inspect", cache, "--failures", "--out", table],
    ]
    pages = [
        subprocess.run([sys.executable, "-m", "vidfer", *map(str, words)], capture_output=True, text=True)
        for words in commands
    ]
    said = [page.stdout + page.stderr for page in pages]
    assert [page.returncode for page in pages] == [1, 0, 0, 0], said
    assert r"=\x1b[31m.mp4" in said[0] and r"=\x1b[31m.mp4" in said[2]
    assert "\x1b" not in "".join(said)
    assert b"\x1b" not in table.read_bytes()
    assert [row["id"] for row in read_table(table, ("id", "reason"))] == [f"={RED}.mp4"]


def test_colours_stay_where_they_are_wanted():
    assert coloured_text("\x1b[38;5;16mH\x1b[0m \x1b[2J") == "\x1b[38;5;16mH\x1b[0m \\x1b[2J"


@pytest.mark.parametrize(
    ("is_terminal", "environment", "shown"),
    [
        (True, {"TERM": "xterm"}, True),
        (False, {"TERM": "xterm"}, False),
        (True, {"TERM": "dumb"}, False),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (True, {"TERM": "xterm", "FORCE_COLOR": ""}, True),
        (False, {"FORCE_COLOR": "0"}, False),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colours_are_for_terminals(is_terminal, environment, shown, monkeypatch):
    for name in ("TERM", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    file = io.StringIO()
    monkeypatch.setattr(file, "isatty", lambda: is_terminal)
    assert shows_colours(file) is shown


@pytest.mark.parametrize(
    ("encoding", "shown"), [("utf-8", True), ("UTF8", True), ("ascii", False), ("cp1252", False)]
)
def test_letters_outside_ascii_need_utf(encoding, shown):
    assert shows_unicode(io.TextIOWrapper(io.BytesIO(), encoding=encoding)) is shown
