"""``vidfer sources folds``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vidfer.commands.console import parse
from vidfer.commands.say import give, tell

EXAMPLES = (
    (
        "vidfer sources folds --src ckplus --root CK+ --out folds.csv",
        "write the folds of CK+, for --data.fold 3/folds.csv",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer sources folds``"""

    @dataclass(frozen=True, kw_only=True)
    class Folds:
        """Write the official folds of a data set as a table, for --data.fold 3/folds.csv of the recipes."""

        src: str
        """A data set with official folds: ckplus or dfew."""
        root: Path
        """The folder of the data set, as it was given to `vidfer cache`."""
        out: Path
        """The CSV file to write, with the columns id and fold."""

    options = parse(Folds, arguments, "sources folds")
    from vidfer.clips.official_folds import official_folds
    from vidfer.tables import write_table

    found = official_folds(options.src, options.root)
    write_table(options.out, ("id", "fold"), sorted(found.items()))
    tell(f"{options.out}: {len(found):,} clips in {max(found.values())} folds")
    give(options.out, clips=len(found), folds=max(found.values()))
    return 0
