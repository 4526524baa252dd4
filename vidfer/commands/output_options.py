"""--quiet and --json: which commands have them, and how they are taken from a command line."""

from __future__ import annotations

from collections.abc import Sequence

from vidfer.commands.options import Group, Option
from vidfer.commands.recipes import RECIPES
from vidfer.commands.say import output

ANSWERS = ("summary", "inspect", "sources", "encoders", "results compare")
"""Their result is what they print, so --quiet has no sense for them."""

WRITERS = (
    *("learn", "sources folds", "actors", "cache", "verify", "relabel", "export", "merge", "encoders get"),
    *("annotations", "export-onnx", "eval", "results pool", "results episodes", "report"),
)
"""They write files."""

TRAINERS = tuple(f"train {recipe}" for recipe in RECIPES)
"""They train; as scripts they are called ``supervised.py``."""

JSON = (*ANSWERS, *WRITERS, *TRAINERS)
"""The commands with --json; `predict` and `doctor` have one of their own."""

QUIET = ("predict", *WRITERS, *TRAINERS)
"""The commands with --quiet."""

_HELP = {
    "--quiet": "Print only errors, and the place of the result.",
    "--json": "Print one JSON object on standard output, and all else on standard error.",
}


def output_group(program: str) -> Group | None:
    """The options of a program that say what it prints; None if it has none.

    Args:
        program: as it is called, such as ``vidfer cache``.
    """
    command = program.removeprefix("vidfer ")
    if program.endswith(".py"):
        command = f"train {program.removesuffix('.py')}"
    names = [name for name, commands in (("--quiet", QUIET), ("--json", JSON)) if command in commands]
    options = tuple(_flag(name) for name in names)
    return Group(title="output", about="", options=options) if options else None


def take_output_options(words: Sequence[str], program: str) -> list[str]:
    """Set what is printed from now on; the words without these options."""
    group = output_group(program)
    own = {name for option in group.options for name in option.names} if group else set()
    given = own & {*words}
    output.quiet, output.json = "--quiet" in given, "--json" in given
    return [word for word in words if word not in own]


def _flag(name: str) -> Option:
    return Option(
        names=(name,),
        dest=name.removeprefix("--"),
        kinds=("STR",),
        count=0,
        choices=(),
        optional=False,
        required=False,
        default="False",
        help=_HELP[name],
    )
