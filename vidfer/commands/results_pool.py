"""``vidfer results pool``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.commands.console import parse
from vidfer.commands.save_results import check_hardest, save_results


def main(arguments: Sequence[str]) -> int:
    """``vidfer results pool``"""

    @dataclass(frozen=True, kw_only=True)
    class Pool:
        """Make one result of the folds of a cross-validation, in which every clip counts exactly once."""

        results: tyro.conf.Positional[tuple[Path, ...]]
        """Run folders of all folds, once `vidfer eval` has measured them, or the folders of their results."""
        out: Path
        """Folder for the pooled result files."""
        hardest: int = 0
        """Also list so many clips that are recognised least, and what they are taken for."""

    options = parse(Pool, arguments, "results pool")
    check_hardest(options.hardest)
    from vidfer.evaluate.pool import pool_results

    save_results(pool_results(options.results), options.out, options.hardest)
    return 0
