"""``vidfer results pool``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.commands.console import parse
from vidfer.commands.save_results import check_hardest, save_results

EXAMPLES = (
    (
        "vidfer results pool runs/fold1 runs/fold2 runs/fold3 --out results/all",
        "join the results of three folds",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer results pool``"""

    @dataclass(frozen=True, kw_only=True)
    class Pool:
        """Join the results of all folds of a cross-validation into one, in which every clip counts once."""

        results: tyro.conf.Positional[tuple[Path, ...]]
        """Run folders of all folds that `vidfer eval` has measured, or the folders of their results."""
        out: Path
        """Folder for the pooled result files."""
        hardest: int = 0
        """Also list this many of the clips that are recognised least often, with the answers about them."""

    options = parse(Pool, arguments, "results pool")
    check_hardest(options.hardest)
    from vidfer.evaluate.pooled_folds import pool_folds

    save_results(pool_folds(options.results), options.out, options.hardest)
    return 0
