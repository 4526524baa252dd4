"""Names, defaults and help of every option of every command and recipe are what they were.

The files in tests/commands/frozen hold one option a line: its name, what it takes, its help and its default;
``rare`` marks those that only ``--help-all`` shows. A heading stands in brackets.
"""

import difflib
import os
import re
from pathlib import Path

import pytest
from completion_rows import completion_rows
from option_pages import command_page, options_in, recipe_page, with_rare_marks

from vidfer.commands.completion_table import FILE, table_text
from vidfer.commands.main import COMMANDS, main
from vidfer.models.encoders import ENCODERS
from vidfer.models.heads import HEADS

FROZEN = Path(__file__).with_name("frozen")
REWRITE = "REWRITE_FROZEN"
HOW_TO_REWRITE = f"{REWRITE}=1 python -m pytest tests/commands/test_frozen_command_line.py"

RECIPES = ("supervised", "noisy_student", "fewshot", "egs")
WITH_MODEL = ("supervised", "fewshot", "egs")
PROCESSES = (
    "--processes N: Processes that train together: one for each GPU; on a machine without a GPU, on the "
    "CPU. (default: 1)"
)
PARTS = {"encoder": ENCODERS, "head": HEADS}


def assert_frozen(name: str, lines: list[str]) -> None:
    """The lines are those of a file, or are written into it when the environment says so."""
    file = FROZEN / f"{name}.txt"
    if os.environ.get(REWRITE):
        file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    before = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    diff = list(difflib.unified_diff(before, lines, lineterm="", n=0))[2:]  # without the names of the files
    changes = [line for line in diff if not line.startswith("@@")]
    if changes:
        title = f"{file.name} is no longer what is shown:"
        pytest.fail("\n".join([title, *changes, f"if that is meant: {HOW_TO_REWRITE}"]), pytrace=False)


def part_lines(recipe: str, part: str, name: str) -> list[str]:
    """The options of an encoder or head on the help page of a recipe."""
    short, every = (
        {
            option: line
            for option, line in recipe_page(recipe, f"--{part}", name, page).items()
            if option.startswith(f"--{part}.")
        }
        for page in ("--help", "--help-all")
    )
    return [f"[--{part} {name}]", *with_rare_marks(short, every)]


@pytest.mark.parametrize("name", [name for name in COMMANDS if not name.startswith("train ")])
def test_options_of_a_command(name):
    short, every = command_page(name, "--help"), command_page(name, "--help-all")
    assert_frozen(name.replace(" ", "_"), with_rare_marks(short, every))


@pytest.mark.parametrize("name", RECIPES)
def test_options_of_a_recipe(name):
    short, every = recipe_page(name, "--help"), recipe_page(name, "--help-all")
    assert_frozen(f"recipe_{name}", with_rare_marks(short, every))


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("page", ["--help", "--help-all"])
def test_a_recipe_has_the_same_options_as_a_command_and_processes(name, page):
    command, script = command_page(f"train {name}", page), recipe_page(name, page)
    assert {*command.items()} ^ {*script.items()} == {("--processes", PROCESSES)}


@pytest.mark.parametrize("part", PARTS)
def test_options_of_all_encoders_and_heads(part):
    assert_frozen(
        f"options_of_{part}s", [line for name in PARTS[part] for line in part_lines("fewshot", part, name)]
    )


@pytest.mark.parametrize(("part", "name"), [(part, name) for part, kinds in PARTS.items() for name in kinds])
@pytest.mark.parametrize("recipe", [name for name in WITH_MODEL if name != "fewshot"])
def test_an_encoder_or_head_has_the_same_options_in_every_recipe(recipe, part, name):
    there, here = part_lines(recipe, part, name), part_lines("fewshot", part, name)
    if (recipe, part) == ("supervised", "head"):  # few people need the head where it is not trained
        assert all(line.startswith("rare ") for line in there[1:])
        there, here = ([line.removeprefix("rare ") for line in lines] for lines in (there, here))
    assert there == here


def test_a_changed_option_is_shown_with_the_command_that_accepts_it(monkeypatch):
    monkeypatch.delenv(REWRITE, raising=False)
    lines = (FROZEN / "export.txt").read_text(encoding="utf-8").splitlines()
    number = next(i for i, line in enumerate(lines) if line.startswith("--overwrite"))
    with pytest.raises(pytest.fail.Exception) as failed:
        assert_frozen("export", [*lines[:number], "--overwrite: Another help.", *lines[number + 1 :]])
    message = str(failed.value).splitlines()
    assert f"-{lines[number]}" in message and "+--overwrite: Another help." in message
    assert "export.txt" in message[0] and HOW_TO_REWRITE in message[-1]
    assert sum(line.startswith(("-", "+")) for line in message) == 2


def test_pages_that_list_commands(capsys, monkeypatch):
    lines = []
    for words in (["vidfer", "--help"], ["vidfer", "results"]):
        monkeypatch.setattr("sys.argv", words)
        main()
        lines += capsys.readouterr().out.splitlines()
    assert_frozen("vidfer", [line.rstrip() for line in lines])


def test_shells_complete_what_there_is():
    text = table_text(completion_rows())
    if os.environ.get(REWRITE):
        FILE.write_text(text, encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == text, f"if that is meant: {HOW_TO_REWRITE}"


def test_no_file_is_left_of_a_command_that_is_gone():
    known = {name.replace(" ", "_") for name in COMMANDS if not name.startswith("train ")}
    known |= {f"recipe_{name}" for name in RECIPES}
    assert {file.stem for file in FROZEN.iterdir()} == known | {
        "options_of_encoders",
        "options_of_heads",
        "vidfer",
    }


@pytest.mark.parametrize("encoder", ENCODERS)
def test_supervised_shows_at_most_thirty_options(encoder):
    shown = {*options_in(recipe_page("supervised", "--encoder", encoder, "--help"))}
    assert len(shown - {"--quiet", "--json"}) <= 30


def test_cache_shows_at_most_fifteen_options():
    assert len({*options_in(command_page("cache", "--help"))} - {"--quiet", "--json"}) <= 15


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_short_help_is_a_part_of_the_long_one(recipe):
    short, every = options_in(recipe_page(recipe, "--help")), options_in(recipe_page(recipe, "--help-all"))
    assert [name for name in every if name in short] == short and len(short) < len(every)


@pytest.mark.parametrize(
    "page",
    [
        *[pytest.param(lambda name=name: command_page(name, "--help"), id=name) for name in COMMANDS],
        *[pytest.param(lambda name=name: recipe_page(name, "--help"), id=name) for name in RECIPES],
    ],
)
def test_the_short_help_of_an_option_has_at_most_two_sentences(page):
    lines = [line for name, line in page().items() if not name.startswith("[")]
    assert [line for line in lines if len(re.findall(r"[.!?] [A-Z`]", line)) > 1] == []
