"""A page for each command of the program ``vidfer``, made from what its help is made from."""

from __future__ import annotations

import re
from pathlib import Path

from option_parsers import command_help, recipe_help
from option_tables import example_block, name_of, option_pages, text_cell

from vidfer.commands.help_page import usage
from vidfer.commands.main import COMMANDS, GROUPS
from vidfer.commands.recipes import RECIPES

DOCS = Path(__file__).resolve().parents[2] / "docs"

TRAIN = "train "
"""How the commands that run a recipe begin. The page of the recipe has their options."""

GUIDES = {
    "predict": ("predict.md", "own_expressions.md", "films_and_pages.md"),
    "learn": ("own_expressions.md",),
    "sources": ("sources.md",),
    "sources folds": ("sources.md", "evaluation.md"),
    "cache": ("sources.md", "crops.md", "cache.md", "cache_size_and_speed.md"),
    **dict.fromkeys(("inspect", "verify", "relabel", "export", "merge"), ("cache.md",)),
    **dict.fromkeys(("encoders", "encoders get"), ("encoders.md",)),
    **dict.fromkeys(("annotations", "review"), ("annotating.md",)),
    "export-onnx": ("onnx.md",),
    **dict.fromkeys(("eval", "results compare", "results pool", "results episodes"), ("evaluation.md",)),
    "report": ("report.md",),
    "push": ("sharing.md",),
    "completion": ("command_line.md",),
    **{f"{TRAIN}{name}": ("training.md",) for name in RECIPES},
}
"""Pages that explain what a command does; a page with the name of a command is known without it."""

INTRODUCTION = """# Commands

Each page is made from the same place as `vidfer COMMAND --help`. Options that few people need are folded:
`--help-all` shows them, `--help` does not.
"""


def command_pages() -> dict[str, str]:
    """Markdown by the place on the site: a list of the commands, and a page for each."""
    return {"commands/index.md": _list()} | {_place(name): _page(name) for name in COMMANDS}


def command_navigation() -> list:
    """The list, and the commands in the groups of ``vidfer --help``."""
    groups = [{title: [{name: _place(name)} for name in names]} for title, names in GROUPS.items()]
    return ["commands/index.md", *groups]


def heading_of(page: Path) -> str:
    """The title of a page."""
    return re.search(r"^# (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)[1]


def _place(name: str) -> str:
    return f"commands/{name.replace(' ', '_')}.md"


def _list() -> str:
    parts = [INTRODUCTION]
    for title, names in GROUPS.items():
        rows = [
            f"| [`vidfer {name}`]({_place(name).split('/')[1]}) | {COMMANDS[name][1]} |" for name in names
        ]
        parts.append("\n".join([f"## {title}\n", "| command | what it does |", "|---|---|", *rows]))
    return "\n\n".join(parts)


def _page(name: str) -> str:
    short, every = command_help(name, "--help"), command_help(name, "--help-all")
    parts = [
        f"# vidfer {name}",
        *(text_cell(" ".join(paragraph.split())) for paragraph in every.about.split("\n\n")),
        f"```\n{usage(f'vidfer {name}', every.groups)}\n```",
        _guides(name),
        example_block(every.examples),
    ]
    if name.startswith(TRAIN):
        recipe = name.removeprefix(TRAIN)
        of_recipe = {
            name_of(one) for group in recipe_help(recipe, "--help-all").groups for one in group.options
        }
        parts.append(f"All options of [recipes/{recipe}.py](../recipes/{recipe}.md), and:")
        parts.append(option_pages(short.groups, every.groups, keep=lambda option: option not in of_recipe))
    else:
        parts.append(option_pages(short.groups, every.groups))
    return "\n\n".join(part for part in parts if part)


def _guides(name: str) -> str:
    """Links to the pages that explain a command: those of :data:`GUIDES`, and the one with its name."""
    pages = [*GUIDES.get(name, ()), f"{name.replace(' ', '_').replace('-', '_')}.md"]
    known = [page for page in dict.fromkeys(pages) if (DOCS / page).is_file()]
    links = [f"[{heading_of(DOCS / page)}](../{page})" for page in known]
    return f"Read more: {', '.join(links)}." if links else ""
