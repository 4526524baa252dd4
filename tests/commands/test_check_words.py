"""A mistake on a command line is told in one line, with what helps."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
import tyro
from refused import refused

from vidfer.commands.console import parse, parse_options
from vidfer.errors import SettingError

EXAMPLES = (("vidfer draw a.h5 --out b.png", "draw a clip"),)


@dataclass(frozen=True, kw_only=True)
class Draw:
    """Draw a clip."""

    cache: tyro.conf.Positional[Path]
    """The cache to read."""
    out: Path
    """The file to write."""
    face: Literal["main", "longest"] = "main"
    side: Literal[2, 4] | None = None
    frames: int | None = None
    lowest: tuple[float, float, float] = (0.6, 0.7, 0.7)
    shots: tuple[int, ...] = ()
    regions: tuple[Literal["face", "eyes"], ...] = ("face",)
    overwrite: bool = False
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Pair:
    a: tyro.conf.Positional[tuple[Path, ...]] = ()
    b: bool = field(default=False)


RIGHT = ("a.h5", "--out", "b.png")


@pytest.mark.parametrize(
    ("words", "facts"),
    [
        ((*RIGHT, "--frame", "3"), ("--frame;", "--frames", "vidfer draw --help")),
        ((*RIGHT, "--banana"), ("--banana", "vidfer draw --help")),
        ((*RIGHT, "-q"), ("-q",)),
        (("--banana",), ("--banana",)),  # before what is missing
        ((*RIGHT, "--frames", "many"), ("--frames many", "a whole number")),
        ((*RIGHT, "--frames=2.5"), ("--frames 2.5", "a whole number")),
        ((*RIGHT, "--frames"), ("--frames", "a whole number")),
        ((*RIGHT, "--lowest", "1", "2"), ("--lowest 1 2", "3 numbers")),
        ((*RIGHT, "--lowest", "1", "x", "3"), ("--lowest x", "a number")),
        ((*RIGHT, "--shots", "1", "x"), ("--shots x", "a whole number")),
        ((*RIGHT, "--face", "mian"), ("--face mian", "did you mean main?", "main or longest")),
        ((*RIGHT, "--face"), ("--face", "main, longest")),
        ((*RIGHT, "--side", "3"), ("--side 3", "2 or 4")),
        ((*RIGHT, "--regions", "face", "eye"), ("--regions eye", "did you mean eyes?")),
        ((*RIGHT, "--overwrite=yes"), ("--overwrite=yes", "no value")),
        (("--out", "b.png"), ("CACHE", "the cache to read")),
        (("--shots", "1", "a.h5", "--out", "b.png"), ("--shots a.h5", "a whole number")),
        (("a.h5",), ("--out PATH", EXAMPLES[0][0])),
        (("a.h5", "b.h5", "--out", "c"), ("'b.h5'", "vidfer draw CACHE")),
        ((*RIGHT, "--frames", "3", "4"), ("'4'",)),
    ],
)
def test_a_mistake(words, facts, capfd):
    with refused(SettingError, *facts):
        parse(Draw, words)
    assert capfd.readouterr() == ("", "")


def test_a_name_that_is_like_no_other_is_not_compared():
    with pytest.raises(SettingError) as caught:
        parse(Draw, [*RIGHT, "--banana"])
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (RIGHT, {}),
        (("--out", "b.png", "a.h5"), {}),
        (("--out", "b.png", "--shots", "1", "-2", "a.h5"), {"shots": (1, -2)}),
        ((*RIGHT, "--lowest", "-1", "-.5", "3e-1"), {"lowest": (-1.0, -0.5, 0.3)}),
        ((*RIGHT, "--shots", "1", "2"), {"shots": (1, 2)}),
        ((*RIGHT, "--side", "4", "--frames", "None"), {"side": 4}),
        ((*RIGHT, "--name=--x", "--overwrite"), {"name": "--x", "overwrite": True}),
        ((*RIGHT, "--regions", "eyes", "face"), {"regions": ("eyes", "face")}),
        ((*RIGHT, "--name", "-"), {"name": "-"}),
    ],
)
def test_a_right_command_line(words, found):
    draw = parse(Draw, words)
    assert (draw.cache, draw.out) == (Path("a.h5"), Path("b.png"))
    assert {name: getattr(draw, name) for name in found} == found


def test_underscores_are_hyphens():
    @dataclass(frozen=True, kw_only=True)
    class Two:
        two_words: int = 1

    assert parse(Two, ["--two_words", "3"]).two_words == 3


def test_any_number_of_arguments():
    assert parse(Pair, ["x", "y", "--b"]) == Pair(a=(Path("x"), Path("y")), b=True)
    assert parse(Pair, []) == Pair()


def test_what_tyro_alone_finds_wrong_is_one_line_too(capfd):
    @dataclass(frozen=True, kw_only=True)
    class Odd:
        when: dict[str, int]
        """Names and numbers."""

    with refused(SettingError, "when"):
        parse_options(Odd, ["--when", "a", "b"], description="")
    assert capfd.readouterr() == ("", "")


def test_files_whose_names_begin_with_a_dash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("-a.mp4").touch()
    with refused(SettingError, "there is no option -a.mp4", "./-a.mp4"):
        parse_options(Pair, ["-a.mp4"], description="", program="pair")
    found = parse_options(Pair, ["--b", "--", "-a.mp4", "c"], description="", program="pair")
    assert found == Pair(a=(Path("-a.mp4"), Path("c")), b=True)
