"""Options that only --help-all shows, and fields that are no options."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import get_type_hints

import pytest
import tyro
from recipe_modules import RECIPES, load_recipe
from refused import refused

from vidfer.commands.console import parse_options
from vidfer.commands.recipe_settings import settings_from_command_line
from vidfer.errors import SettingError
from vidfer.rare import Fixed, Rare, marked


@dataclass(frozen=True, kw_only=True)
class Group:
    """Some settings."""

    often: int = 1
    """Often set."""
    seldom: Rare[int] = 2
    """Seldom set."""
    kind: Fixed[str] = field(init=False, default="group")


@dataclass(frozen=True, kw_only=True)
class Nested:
    group: Group = field(default_factory=Group)


@dataclass(frozen=True, kw_only=True)
class Plain:
    often: int = 1
    """Often set."""


def help_of(options: type, capsys, *words: str) -> str:
    with pytest.raises(SystemExit) as stop:
        parse_options(options, words, description="\nAbout.\n")
    assert stop.value.code == 0
    return capsys.readouterr().out


def test_a_mark_is_there_only_while_it_is_asked_for():
    assert get_type_hints(Group, include_extras=True)["seldom"] is int
    with marked(fixed="fixed", rare="rare"):
        hints = get_type_hints(Group, include_extras=True)
        assert hints["seldom"].__metadata__ == ("rare",) and hints["kind"].__metadata__ == ("fixed",)
        assert hints["often"] is int
    assert get_type_hints(Group, include_extras=True)["kind"] is str


@pytest.mark.parametrize("options", [Group, Nested])
@pytest.mark.parametrize("short", ["--help", "-h"])
def test_help_leaves_rare_options_out_and_help_all_shows_them(options, short, capsys):
    text, everything = help_of(options, capsys, short), help_of(options, capsys, "--help-all")
    assert "often" in text and "seldom" not in text and "--help-all" in text
    assert "often" in everything and "seldom" in everything and "--help-all" not in everything
    assert "kind" not in text + everything
    assert "\n\n\n" not in text


def test_where_nothing_is_rare_there_is_no_word_of_help_all(capsys):
    assert "--help-all" not in help_of(Plain, capsys, "--help")


def test_rare_options_can_be_set():
    assert parse_options(Nested, ["--group.seldom", "3"], description="") == Nested(group=Group(seldom=3))


def test_fixed_fields_cannot_be_set_and_keep_their_value():
    assert parse_options(Nested, [], description="", default=Nested()).group.kind == "group"
    with refused(SettingError, "--group.kind", "--help"):
        parse_options(Nested, ["--group.kind", "x"], description="")
    assert tyro.conf.Suppress  # the mark that hides them


@pytest.mark.parametrize(
    ("name", "most"), [("supervised", 30), ("fewshot", 30), ("noisy_student", 30), ("egs", 34)]
)
def test_the_short_help_of_a_recipe_stays_short(name, most, capsys):
    assert (RECIPES / f"{name}.py").is_file()
    counts = []
    for word in ("--help", "--help-all"):
        with pytest.raises(SystemExit):
            settings_from_command_line(load_recipe(name).Settings, "About.", [word])
        text = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)  # colours
        counts.append(len(re.findall(r"^\W{2}-{1,2}\w", text, re.MULTILINE)))
    assert 10 < counts[0] <= most + len(("--quiet", "--json")) < counts[1]
