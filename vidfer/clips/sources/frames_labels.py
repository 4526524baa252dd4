"""The names of numbered labels, from a file that a user writes beside the lists of frames."""

from __future__ import annotations

import re
from pathlib import Path

from vidfer.clips.labels import canonical_label
from vidfer.errors import DataError
from vidfer.tables import read_lines

LABEL_FILES = ("labels.txt", "names.txt")
"""The names that the file may have; the first one that is there is read."""


def read_label_names(folder: Path) -> dict[int, str]:
    """Reads the label of each number: one name a line, counted from 0, or lines ``number name``.

    A folder without such a file gives an empty dict.

    Raises:
        DataError: only some lines have a number, or a number or name occurs twice.
    """
    file = next((folder / name for name in LABEL_FILES if (folder / name).is_file()), None)
    if file is None:
        return {}
    lines = [line for _, line in read_lines(file)]
    numbered = [re.fullmatch(r"(\d+)[\s,:]+(.+)", line) for line in lines]
    if any(numbered) and not all(numbered):
        line = lines[numbered.index(None)]
        raise DataError(f"{file} has numbers in some lines, and none in '{line}'; number all lines, or none")
    pairs = [(int(m[1]), m[2]) for m in numbered] if all(numbered) else list(enumerate(lines))
    names = {number: canonical_label(name) for number, name in pairs}
    if len(names) < len(pairs) or len(set(names.values())) < len(names):
        raise DataError(f"{file} has a number or a name twice; give each number a name of its own")
    return names
