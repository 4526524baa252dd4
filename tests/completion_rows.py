"""The rows of completion_table.txt, from the parsers of all commands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from option_pages import command_groups

from vidfer.clips import SOURCES
from vidfer.commands.completion_table import ANY, FLAG, PATH, Row
from vidfer.commands.main import COMMANDS
from vidfer.commands.options import Option
from vidfer.commands.recipes import recipe_folder
from vidfer.models.encoders import ENCODERS
from vidfer.models.heads import HEADS
from vidfer.models.pretrained.table import PRETRAINED

KNOWN = {
    "src": [*SOURCES],
    "device": ["cpu", "cuda"],
    "encoder": [*dict.fromkeys([*ENCODERS, *PRETRAINED])],
    "enhance": ["brighten", "none"],
    "protocol": sorted(file.stem for file in (recipe_folder() / "protocols").glob("*.yaml")),
    "encoders get ": [*PRETRAINED],
}
"""Values that are known, though the option takes others too; by option, or by command for its argument."""

PATHS = {"checkpoint", "inputs", "support", "run"}
"""Options and arguments that take a path or a name."""


def completion_rows() -> list[Row]:
    """All rows, in the order of ``vidfer --help-all``."""
    return [row for name in COMMANDS for row in _rows(name)]


def _rows(command: str) -> Iterator[Row]:
    pages = [command_groups(command)]
    if command.startswith("train "):
        parts = (("--encoder", ENCODERS), ("--head", HEADS))
        known = {name for group in pages[0] for option in group.options for name in option.names}
        pages += [
            command_groups(command, part, name) for part, kinds in parts if part in known for name in kinds
        ]
    found = {}
    for groups in pages:
        for option in (option for group in groups for option in group.options):
            for name in option.names or ("",):
                found.setdefault(name, Row(command, name, _takes(command, option), option.count is None))
    yield from found.values()
    if not found:
        yield Row(command, "", ANY, False)


def _takes(command: str, option: Option) -> str:
    last = re.split(r"--|\.", option.names[0])[-1] if option.names else option.dest
    known = KNOWN.get(last if option.names else f"{command} ")
    if option.is_flag:
        return FLAG
    if known or option.choices:
        return ",".join(known or option.choices)
    return PATH if "PATH" in option.kinds or last in PATHS else ANY
