"""``vidfer encoders``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vidfer.commands.console import parse
from vidfer.commands.say import give, say

EXAMPLES = (("vidfer encoders", "list all pretrained encoders, and say which are on this machine"),)


def main(arguments: Sequence[str]) -> int:
    """``vidfer encoders``"""

    @dataclass(frozen=True, kw_only=True)
    class Encoders:
        """List the pretrained encoders that `--encoder NAME` of a recipe builds."""

    parse(Encoders, arguments)
    from vidfer.models.pretrained.describe import lines_of
    from vidfer.models.pretrained.keep import folder_of_weights, place_of
    from vidfer.models.pretrained.table import GROUPS

    for title, rows in GROUPS.items():
        say(f"{title}\n")
        for row in rows:
            say("\n  ".join([row.name, *lines_of(row)]))
            say(f"  here     {place_of(row)}\n" if place_of(row).is_file() else "")
    say(f"`vidfer encoders get NAME` downloads one into {folder_of_weights()};")
    say("`--weights FILE` of a recipe takes a file of yours.")
    give(
        encoders=[
            {
                "name": row.name,
                "learned": row.learned,
                "labels_seen": row.seen,
                "licence": row.licence,
                "here": place_of(row) if place_of(row).is_file() else None,
            }
            for rows in GROUPS.values()
            for row in rows
        ]
    )
    return 0
