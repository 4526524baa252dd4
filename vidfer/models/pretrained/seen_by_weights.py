"""Which expression labels published weights have seen."""

from __future__ import annotations

from pathlib import Path

from vidfer.files import sha256_of
from vidfer.models.pretrained.row import Pretrained
from vidfer.models.pretrained.table import PRETRAINED
from vidfer.models.seen_labels import SeenLabels


def seen_by(row: Pretrained) -> SeenLabels:
    """What a pretrained encoder of the table has seen."""
    return SeenLabels(dict.fromkeys(row.seen, row.name), (row.name,) if row.captions else ())


def seen_by_file(path: Path) -> SeenLabels:
    """What the weights of a file have seen: the table knows it by the hash, and otherwise it is not known."""
    found = sha256_of(path)
    for row in PRETRAINED.values():
        if row.sha256 and found.startswith(row.sha256):
            return seen_by(row)
    return SeenLabels(unknown=(path.name,))
