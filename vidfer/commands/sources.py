"""``vidfer sources``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vidfer.commands.console import parse
from vidfer.commands.say import give, say

EXAMPLES = (("vidfer sources", "list all data sets, with layout, labels and licence"),)


def main(arguments: Sequence[str]) -> int:
    """``vidfer sources``"""

    @dataclass(frozen=True, kw_only=True)
    class Sources:
        """List the data sets that `vidfer cache` can read."""

    parse(Sources, arguments)
    from vidfer.clips import SOURCES

    for name, source in SOURCES.items():
        say(f"{name}\n  layout   {source.layout}")
        if source.parts:
            say(f"  parts    {source.parts}")
        say(f"  labels   {source.labels}\n  size     {source.size}\n  licence  {source.licence}\n")
    say("your own: a function in a file, --src my_source.py:my_clips (docs/sources.md)")
    facts = ("layout", "parts", "labels", "size", "licence")
    give(
        sources=[
            {"name": name, **{fact: getattr(source, fact) for fact in facts}}
            for name, source in SOURCES.items()
        ]
    )
    return 0
