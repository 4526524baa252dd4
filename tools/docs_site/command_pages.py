"""A page for each command of the program ``vidfer``, made from what its help is made from."""

from __future__ import annotations

from option_parsers import command_help
from option_tables import option_pages, text_cell

from vidfer.commands.help_page import usage
from vidfer.commands.main import COMMANDS, GROUPS

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
}
"""The pages that explain what a command does, where there are some."""

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
    examples = [f"# {what}\n{command}" for command, what in every.examples]
    more = ", ".join(f"[{place.removesuffix('.md')}](../{place})" for place in GUIDES.get(name, ()))
    parts = [
        f"# vidfer {name}",
        *(text_cell(" ".join(paragraph.split())) for paragraph in every.about.split("\n\n")),
        f"```\n{usage(f'vidfer {name}', every.groups)}\n```",
        f"More: {more}" if more else "",
        option_pages(short.groups, every.groups),
        "\n".join(["## Examples\n", "```sh", *examples, "```"]) if examples else "",
    ]
    return "\n\n".join(part for part in parts if part)
