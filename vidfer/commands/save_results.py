"""What commands that measure write and print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vidfer.errors import VidferError

if TYPE_CHECKING:
    from vidfer.evaluate.result import Result


def check_hardest(hardest: int) -> None:
    if hardest < 0:
        raise VidferError(f"--hardest {hardest}: a number of clips, 0 for none")


def save_results(results: dict[str, Result], out: Path, hardest: int = 0) -> None:
    """Write result files with their tables of clips, and say what they are."""
    from vidfer.evaluate.hardest import hardest_clips, hardest_text
    from vidfer.evaluate.tables import write_clip_table

    for name, result in results.items():
        result.save(out / f"{name}.json")
        write_clip_table(result, out / f"{name}.csv")
        print(result.summary())
        for note in filter(None, (result.owed_to_knowing_who(), result.note)):
            print(f"  {note}")
        if hardest:
            print(f"  hardest of {result.n_clips:,} clips:")
            print("    " + hardest_text(hardest_clips([result], hardest)).replace("\n", "\n    "))
        print(f"  {out / name}.json, a row for every clip in {name}.csv")
