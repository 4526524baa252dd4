"""Every command that a page shows names a program and options that exist."""

import contextlib
import functools
import io
import re
import runpy
import shlex
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from vidfer.commands.main import COMMANDS
from vidfer.commands.main import main as vidfer

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PARTS = ("--head", "--encoder")
"""Options that bring more options into the help."""


FORMAT = "vidfer crop cache"
"""The name of the file format, which looks like a command."""
EXAMPLES = {"nearest_shot", "thumbnail"}
"""Parts that docs/extending.md adds; its own test uses them."""


def commands(page: Path) -> list[str]:
    """Commands in blocks and in sentences, one line each."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"^ {4}(\S.*)$", text, re.M)
    lines += re.findall(r"`([^`\n]+)`", text)
    return [line.strip() for line in lines]


def split(command: str) -> tuple[tuple[str, ...], list[str]] | None:
    """The program, as a command of vidfer or a script, and its words; None for another program."""
    with contextlib.suppress(ValueError):
        words = shlex.split(command, comments=True)
        if words[:2] == ["vidfer", "help"] or re.match(r"vidfer [\w -]+: ", command):  # a message
            return None
        if words[:1] == ["vidfer"] and len(words) > 1 and not words[1].startswith("-"):
            length = 3 if " ".join(words[1:3]) in COMMANDS else 2
            return tuple(words[:length]), words[length:]
        for number, word in enumerate(words):
            if re.fullmatch(r"(recipes|tools)/\w+\.py", word):
                study = word.endswith("study.py") and words[number + 1 : number + 2]
                return (word, *(study or ())), words[number + 1 :]
    return None


@functools.cache
def options_of(program: tuple[str, ...], parts: tuple[str, ...]) -> frozenset[str]:
    """The options that the help of a program shows.

    Args:
        program: as :func:`split` gives it.
        parts: choices of :data:`PARTS`, which bring options of their own.
    """
    shown, before = io.StringIO(), sys.argv
    sys.path.insert(0, str(ROOT / "tools"))
    for every in ("--help", "--help-all"):
        sys.argv = [program[0], *program[1:], *parts, every]
        with contextlib.redirect_stdout(shown), contextlib.suppress(SystemExit):
            if program[0] == "vidfer":
                vidfer()
            else:
                runpy.run_path(str(ROOT / program[0]), run_name="__main__")
    sys.argv = before
    sys.path.remove(str(ROOT / "tools"))
    return frozenset(re.findall(r"--[\w.-]*\w", shown.getvalue()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_options_exist(page):
    unknown = []
    for command in commands(page):
        program, words = split(command) or ((), [])
        shows_options = any(word.startswith("--") for word in words)
        is_group = not words and any(name.startswith(f"{program[-1]} ") for name in COMMANDS if program)
        if not program or is_group or (program[0] != "vidfer" and not shows_options) or command == FORMAT:
            continue
        if EXAMPLES & {*words}:
            continue
        parts = [word for pair in pairwise(words) if pair[0] in PARTS and pair[1].islower() for word in pair]
        known = options_of(program, tuple(parts))
        if not known:
            unknown.append(" ".join(program))
        for word in words if known else ():
            option = word.split("=")[0]
            if re.fullmatch(r"--\w[\w.-]*", option) and option not in known:
                unknown.append(f"{' '.join(program)} {option}")
    assert not unknown
