"""``vidfer results compare``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.commands.console import parse
from vidfer.commands.say import give, say

EXAMPLES = (
    (
        "vidfer results compare runs/teacher runs/student",
        "say how much better the student is, and how sure that is",
    ),
    ("vidfer results compare runs/a runs/b runs/c --markdown --out table.md", "write a table"),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer results compare``"""

    @dataclass(frozen=True, kw_only=True)
    class Compare:
        """Compare results on the same clips, or on the same few-shot episodes, with the first of them."""

        results: tyro.conf.Positional[tuple[Path, ...]]
        """Two or more: run folders that `vidfer eval` has measured, folders of results, or result files."""
        mixed: bool = False
        """Also compare transductive few-shot results with inductive ones."""
        markdown: bool = False
        """Print the table as Markdown."""
        out: Path | None = None
        """Also write the table as .csv, .json or .md."""

    options = parse(Compare, arguments, "results compare")
    from vidfer.evaluate.comparison import compare_results
    from vidfer.evaluate.comparison_table import (
        check_table_name,
        comparison_markdown,
        comparison_rows,
        comparison_text,
        write_comparisons,
    )

    if options.out:
        check_table_name(options.out)
    comparisons = compare_results(options.results, mixed=options.mixed)
    show = comparison_markdown if options.markdown else comparison_text
    say("\n\n".join(map(show, comparisons)))
    if options.out:
        write_comparisons(comparisons, options.out)
        say(f"\n{options.out}")
    give(*filter(None, [options.out]), comparisons=comparison_rows(comparisons))
    return 0
