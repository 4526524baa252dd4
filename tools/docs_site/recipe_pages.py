"""A page for each recipe, and one each for the options of all encoders and heads, from their settings."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace

from option_parsers import recipe_help, recipe_module
from option_tables import example_block, option_pages, text_cell

from vidfer.commands.help_page import usage
from vidfer.commands.options import Group
from vidfer.commands.recipes import RECIPES, recipe_folder
from vidfer.models.encoders import ENCODERS
from vidfer.models.heads import HEADS

PARTS = {"encoder": ENCODERS, "head": HEADS}

INTRODUCTION = """# Recipes

A recipe is a script that trains. `vidfer train NAME` runs it, as does `accelerate launch recipes/NAME.py`.
[Training](../training.md) explains what each does and why its defaults are what they are; the pages here list
every setting.
"""

OF_PARTS = """The options of the network are those of the default encoder and head.
[Other encoders](encoders.md) and [other heads](heads.md) have options of their own."""


def recipe_pages() -> dict[str, str]:
    """Markdown by the place on the site."""
    pages = {"recipes/index.md": _list()} | {f"recipes/{name}.md": _page(name) for name in RECIPES}
    return pages | {f"recipes/{part}s.md": _parts_page(part) for part in PARTS}


def recipe_navigation() -> list:
    """The list, the recipes, then the parts of the network that they choose."""
    recipes = [{f"{name}.py": f"recipes/{name}.md"} for name in RECIPES]
    return ["recipes/index.md", *recipes, *({f"--{part}": f"recipes/{part}s.md"} for part in PARTS)]


def _list() -> str:
    rows = [f"| [`{name}.py`]({name}.md) | {text_cell(_about(name)[0])} |" for name in RECIPES]
    links = "Options of all [encoders](encoders.md) and [few-shot heads](heads.md)."
    return "\n".join([INTRODUCTION, "| recipe | what it does |", "|---|---|", *rows, "", links])


def _about(name: str) -> list[str]:
    text = inspect.cleandoc(recipe_module(name).__doc__ or "")
    return [" ".join(paragraph.replace("\\\n", " ").split()) for paragraph in text.split("\n\n")]


def _page(name: str) -> str:
    about = [text for text in _about(name) if not text.startswith("Example: ")]
    short, every = recipe_help(name, "--help"), recipe_help(name, "--help-all")
    source = (recipe_folder() / f"{name}.py").read_text(encoding="utf-8")
    parts = [
        f"# recipes/{name}.py",
        *map(text_cell, about),
        f"```\n{usage(f'accelerate launch recipes/{name}.py', every.groups)}\n```",
        f"[`vidfer train {name}`](../commands/train_{name}.md) runs the same.",
        example_block(every.examples),
        OF_PARTS if any(group.title.startswith("encoder") for group in every.groups) else "",
        option_pages(short.groups, every.groups),
        "## The script",
        f'??? note "recipes/{name}.py"\n\n    ```python\n'
        + "".join(f"    {line}\n" if line else "\n" for line in source.splitlines())
        + "    ```",
    ]
    return "\n\n".join(part for part in parts if part)


def _parts_page(part: str) -> str:
    sections = [f"# Options of --{part}", f"What each {part} does: [models](../models.md)."]
    for name in PARTS[part]:
        options = [_options(part, name, page) for page in ("--help", "--help-all")]
        text = option_pages(*options, keep=lambda option: option.startswith(f"--{part}."))
        text = "\n".join(line for line in text.splitlines() if not line.startswith("### "))
        sections += [f"## {name}", text.strip() or "It has no options."]
    return "\n\n".join(sections)


def _options(part: str, name: str, page: str) -> Sequence[Group]:
    groups = recipe_help("fewshot", f"--{part}", name, page).groups
    return [replace(group, about="") for group in groups]  # it says the same of each
