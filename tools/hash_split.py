"""Hold out a share of a data set by the hash of each file.

    python tools/hash_split.py --src fer2013 --root data/fer2013 --out split.csv
    vidfer relabel cache/fer2013.h5 --table split.csv

Files of equal bytes stay together, and a file that is added later moves no other. The table has the columns
id and split.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from program import run

from vidfer.clips import find_clips
from vidfer.errors import SettingError
from vidfer.tables import write_table


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is held out, and where the table goes."""

    src: str
    """The kind of data set, as for `vidfer cache`."""
    root: Path
    """The folder of the data set."""
    out: Path
    """The table to write."""
    parts: int = 10
    """One file of so many is held out."""
    split: str = "val"
    """The split of the files that are held out."""


def is_held_out(file: Path, parts: int) -> bool:
    """Whether SHA-256 of the file, as a number, is a multiple of ``parts``."""
    return int(hashlib.sha256(file.read_bytes()).hexdigest(), 16) % parts == 0


def main(settings: Settings) -> None:
    """Write the ids of the clips that are held out.

    Raises:
        SettingError: fewer than two parts.
        DataError: the root does not hold the data set.
    """
    if settings.parts < 2:
        raise SettingError(f"--parts {settings.parts}: give 2 or more")
    clips = find_clips(settings.src, settings.root)
    held_out = [clip.id for clip in clips if is_held_out(clip.path, settings.parts)]
    write_table(settings.out, ["id", "split"], [(clip_id, settings.split) for clip_id in held_out])
    print(f"{settings.out}: {len(held_out):,} of {len(clips):,} files are held out as {settings.split}")


if __name__ == "__main__":
    run(main, Settings, __doc__)
