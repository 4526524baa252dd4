"""docs/command_line.md tells what commands do."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from vidfer.commands.main import COMMANDS
from vidfer.commands.output_options import ANSWERS
from vidfer.commands.progress_lines import ProgressLines
from vidfer.commands.stopped import AGAIN, GO_ON, step, stopped_text

PAGE = (Path(__file__).parents[2] / "docs/command_line.md").read_text("utf-8")
COMMAND_FOLDER = Path(__file__).parents[2] / "vidfer/commands"


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def may_end_with_1(command: str) -> bool:
    """Whether one of its functions returns 1."""
    tree = ast.parse((COMMAND_FOLDER / f"{COMMANDS[command][0]}.py").read_text("utf-8"))
    returned = [found.value for found in ast.walk(tree) if isinstance(found, ast.Return)]
    for value in returned:
        either = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
        if any(isinstance(one, ast.Constant) and one.value == 1 for one in either):
            return True
    return False


def test_the_commands_that_end_with_1_are_listed():
    told = re.findall(r"^\| `vidfer ([\w -]+)` \|", section("Exit status"), re.MULTILINE)
    assert told == [name for name in told if name in COMMANDS]
    assert {*told} == {name for name in COMMANDS if may_end_with_1(name)}


def test_the_commands_that_go_on_are_listed():
    again = section("Ctrl-C").partition("start the same command again; it goes on")[0].rpartition("\n")[2]
    told = {name.partition(" --")[0] for name in re.findall(r"`vidfer ([^`]+)`", again)}
    assert told == {name for name, how in GO_ON.items() if how == AGAIN}


def test_messages_are_as_shown():
    step("cropping", "clip", 312, 1200)
    assert f"\nvidfer cache: {stopped_text('cache')}\n" in PAGE
    lines = []
    shown = ProgressLines("cropping", "clip", lines.append)
    shown.update(0, 1200)
    shown._begin_s, shown._shown_s = shown._begin_s - 1e4, shown._shown_s - 1e4  # the rate is not looked at
    shown.update(120, 1200)
    assert re.sub(r", .*", "", lines[0]) in PAGE


def test_the_commands_that_answer_are_named():
    assert all(f"`vidfer {name}`" in section("For scripts") for name in ANSWERS)


@pytest.mark.parametrize(
    ("words", "status"),
    [("--help", 0), ("inspect good.h5", 0), ("verify bad.h5", 1), ("inspect nowhere.h5", 2), ("cashe", 2)],
)
def test_exit_statuses(words, status, striped_cache, tmp_path):
    data = bytearray(striped_cache.read_bytes())
    (tmp_path / "good.h5").write_bytes(data)
    data[len(data) // 2] ^= 255
    (tmp_path / "bad.h5").write_bytes(data)
    command = [sys.executable, "-m", "vidfer", *words.split()]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == status and "Traceback" not in done.stderr
    assert bool(done.stdout) == (status < 2) and len(done.stderr.splitlines()) == (status == 2)
