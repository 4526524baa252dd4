"""The names of numbered labels, from a file that a user keeps beside the lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from vidfer.clips.labels import canonical_label
from vidfer.errors import VidferError


def read_names(files: Iterable[Path]) -> dict[int, str]:
    """Names by number from the first of the files that is there: one name a line, or ``number name`` lines.

    Names alone count from 0. Without a file there are none.

    Raises:
        VidferError: some lines have a number and some not, or a number or name occurs twice.
    """
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        return {}
    lines = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    numbered = [re.fullmatch(r"(\d+)[\s,:]+(.+)", line) for line in lines]
    if any(numbered) and not all(numbered):
        line = lines[numbered.index(None)]
        raise VidferError(f"{file} has numbers in some lines and none in '{line}'; number all lines, or none")
    pairs = [(int(m[1]), m[2]) for m in numbered] if all(numbered) else list(enumerate(lines))
    names = {number: canonical_label(name) for number, name in pairs}
    if len(names) < len(pairs) or len(set(names.values())) < len(names):
        raise VidferError(f"{file} has a number or a name twice; give every number one name of its own")
    return names
