"""Help pages that a stranger reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
import tyro
from option_pages import command_page, recipe_page

from vidfer.commands.console import parse
from vidfer.commands.help_page import BOLD, WIDEST
from vidfer.commands.main import COMMANDS
from vidfer.rare import Rare

EXAMPLES = (
    ("vidfer draw a.h5 --out b.png", "draw a clip"),
    (
        "vidfer draw a.h5 --out a_long_folder/b.png --a-long-option-with-a-value 1.0 --face longest "
        "--frames 3",
        "more",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Draw:
    """Draw a clip.

    It is drawn
    at once.
    """

    caches: tyro.conf.Positional[tuple[Path, ...]] = ()
    """The caches to
    read."""
    out: Path
    """The file to write."""
    face: Literal["main", "longest"] = "main"
    """Whose face."""
    kind: Literal["a", "b"] = "a"
    """Either `a` or `b`."""
    frames: int | None = None
    """How many."""
    a_long_option_with_a_value: float = 0.5
    """A share."""
    gap_s: float = 1.0
    size_px: int = 8
    device: str = "cpu"
    shots: tuple[int, ...] = ()
    overwrite: bool = False
    """Replace it."""
    rare: Rare[int] = 1
    """Few need it."""


PAGE = """\
usage: vidfer draw [CACHE ...] --out PATH [options]

Draw a clip.

It is drawn at once.

Arguments
  CACHE ...             The caches to read.

Options
  --out PATH            The file to write. (required)
  --face NAME           Whose face. (one of main, longest; default: main)
  --kind NAME           Either `a` or `b`. (default: a)
  --frames N            How many.
  --a-long-option-with-a-value NUMBER
                        A share. (default: 0.5)
  --gap-s SECONDS       (default: 1.0)
  --size-px PIXELS      (default: 8)
  --device DEVICE       (default: cpu)
  --shots N ...
  --overwrite           Replace it.
  -h, --help            Show this page.

Examples
  # draw a clip
  vidfer draw a.h5 --out b.png
  # more
  vidfer draw a.h5 --out a_long_folder/b.png --a-long-option-with-a-value 1.0 --face longest \\
      --frames 3

Further options, which few people need, are in --help-all.
"""


def shown(capsys, word: str = "--help") -> str:
    with pytest.raises(SystemExit) as stop:
        parse(Draw, [word])
    assert stop.value.code == 0
    return capsys.readouterr().out


def test_the_page(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert shown(capsys) == PAGE


def test_the_page_of_all_options(capsys):
    page = shown(capsys, "--help-all")
    assert "  --rare N              Few need it. (default: 1)\n" in page and "Further options" not in page


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_a_page_is_as_wide_as_the_terminal(columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = shown(capsys).splitlines()
    assert max(map(len, lines)) <= max(columns, 50) < WIDEST


def test_headings_are_bold_on_a_terminal_alone(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("FORCE_COLOR", "1")
    page = shown(capsys)
    assert f"{BOLD}Options\x1b[0m" in page and f"  {BOLD}--out PATH\x1b[0m            The" in page
    assert re.sub(r"\x1b\[\d*m", "", page) == PAGE


@pytest.mark.parametrize("name", [*COMMANDS, "recipe supervised", "recipe noisy_student"])
def test_nothing_on_a_page_is_in_the_language_of_a_program(name):
    name, _, recipe = name.partition("recipe ")
    lines = [*(recipe_page(recipe, "--help-all") if recipe else command_page(name, "--help-all")).values()]
    strange = r"\{None\}|default: (None|False|True)?\)|\b(STR|INT|FLOAT)\b|\[\["
    assert [line for line in lines if re.search(strange, line)] == []
