"""What a shell completes: every command, its options, and what these take, from completion_table.txt.

The file is made from the parsers of the commands. They would load torch for the recipes, and a shell should
not have to wait. Each line is a command, an option (none for its arguments) and what the option takes, parted
by tabs: ``flag``, ``path``, ``any`` or a list of values; a ``*`` before it: any number of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("completion_table.txt")

FLAG, PATH, ANY = "flag", "path", "any"


@dataclass(frozen=True)
class Row:
    """What one option of a command takes."""

    command: str
    option: str
    """Empty for the arguments of the command."""
    takes: str
    """:data:`FLAG`, :data:`PATH`, :data:`ANY`, or values parted by commas."""
    many: bool
    """Whether it takes any number of them."""

    @property
    def values(self) -> tuple[str, ...]:
        """The values that it takes, as far as they are a list."""
        return () if self.takes in (FLAG, PATH, ANY) else tuple(self.takes.split(","))


def read_table() -> list[Row]:
    """All rows, in the order of the commands."""
    rows = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        command, option, takes = line.split("\t")
        rows.append(Row(command, option, takes.removeprefix("*"), takes.startswith("*")))
    return rows


def table_text(rows: list[Row]) -> str:
    """The text of the file."""
    return "".join(f"{row.command}\t{row.option}\t{'*' * row.many}{row.takes}\n" for row in rows)


def commands_of(rows: list[Row]) -> list[str]:
    """Every command once."""
    return list(dict.fromkeys(row.command for row in rows))
