"""``vidfer results episodes``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.commands.console import parse
from vidfer.commands.say import give, tell

EXAMPLES = (
    (
        "vidfer results episodes runs/csrn/results/fewshot.json --out episodes.csv",
        "write the clips of every episode",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer results episodes``"""

    @dataclass(frozen=True, kw_only=True)
    class Episodes:
        """Write the episodes of a few-shot result as a table, so that other programs can use them."""

        result: tyro.conf.Positional[Path]
        """A fewshot.json of `vidfer eval`."""
        out: Path
        """The CSV file to write: episode, part (support or query), class, clip."""

    options = parse(Episodes, arguments, "results episodes")
    from vidfer.evaluate.csv_tables import write_episodes
    from vidfer.evaluate.result import load_result

    count = write_episodes(load_result(options.result), options.out)
    tell(f"{options.out}: {count:,} episodes")
    give(options.out, episodes=count)
    return 0
