"""``vidfer sources``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vidfer.commands.console import parse


def main(arguments: Sequence[str]) -> int:
    """``vidfer sources``"""

    @dataclass(frozen=True, kw_only=True)
    class Sources:
        """List the data sets that `vidfer cache` can read."""

    parse(Sources, arguments)
    from vidfer.clips import SOURCES

    for name, source in SOURCES.items():
        print(f"{name}\n  layout   {source.layout}")
        if source.parts:
            print(f"  parts    {source.parts}")
        print(f"  labels   {source.labels}\n  size     {source.size}\n  licence  {source.licence}\n")
    print("your own: a function in a file, --src my_source.py:my_clips (docs/sources.md)")
    return 0
