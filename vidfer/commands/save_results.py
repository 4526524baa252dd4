"""What `vidfer eval` and `vidfer results pool` write and print."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from vidfer.commands.say import give, tell
from vidfer.errors import SettingError

if TYPE_CHECKING:
    from vidfer.evaluate.result import Result


def check_hardest(hardest: int) -> None:
    """Refuse a negative number of clips."""
    if hardest < 0:
        raise SettingError(f"--hardest {hardest}: a number of clips, 0 for none")


def save_results(results: dict[str, Result], out: Path, hardest: int = 0) -> None:
    """Write result files and their tables of clips, and print a summary of each.

    With --json that is each result without its rows for the clips.
    """
    from vidfer.evaluate.csv_tables import write_clip_table
    from vidfer.evaluate.hardest import hardest_clips, hardest_text

    for name, result in results.items():
        result.save(out / f"{name}.json")
        write_clip_table(result, out / f"{name}.csv")
        tell(result.summary())
        for note in filter(None, (result.identity_overlap_text(), result.note)):
            tell(f"  {note}")
        if hardest:
            tell(f"  hardest of {result.n_clips:,} clips:")
            tell("    " + hardest_text(hardest_clips([result], hardest)).replace("\n", "\n    "))
        tell(f"  {out / name}.json, a row for every clip in {name}.csv")
    facts = {name: asdict(result) for name, result in results.items()}
    for one in facts.values():
        del one["rows"]
    give(*(out / f"{name}.json" for name in results), **facts)
