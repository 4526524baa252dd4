"""``vidfer sources folds``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vidfer.commands.console import parse


def main(arguments: Sequence[str]) -> int:
    """``vidfer sources folds``"""

    @dataclass(frozen=True, kw_only=True)
    class Folds:
        """Write the official folds of a data set as a table, for --data.fold 3/folds.csv of the recipes."""

        src: Literal["ckplus", "dfew"]
        """The data set."""
        root: Path
        """As it was given to `vidfer cache`."""
        out: Path
        """The CSV file to write: id, fold."""

    options = parse(Folds, arguments, "sources folds")
    from vidfer.clips.folds import official_folds
    from vidfer.tables import write_table

    found = official_folds(options.src, options.root)
    write_table(options.out, ("id", "fold"), sorted(found.items()))
    print(f"{options.out}: {len(found):,} clips in {max(found.values())} folds")
    return 0
