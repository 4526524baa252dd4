"""Where downloaded weights are kept, and how they are proved to be the right ones."""

from __future__ import annotations

import os
from pathlib import Path

from vidfer.errors import CheckpointError
from vidfer.files import sha256_of, write_text
from vidfer.models.pretrained.row import Pretrained
from vidfer.models.pretrained.table import pretrained

FOLDER = "VIDFER_ENCODERS"
"""Environment variable with another folder for downloaded weights."""


def folder_of_weights() -> Path:
    """The folder in which each pretrained encoder has a folder of its own."""
    if named := os.environ.get(FOLDER):
        return Path(named)
    import pooch

    return Path(pooch.os_cache("vidfer")) / "encoders"


def place_of(row: Pretrained) -> Path:
    """Where the file of a pretrained encoder is kept, whether it is there or not."""
    return folder_of_weights() / row.name / row.file


def kept_file(name: str) -> Path:
    """The downloaded weights of a pretrained encoder, after their hash was checked.

    Raises:
        SettingError: there is no pretrained encoder of this name.
        CheckpointError: the file is not here, or it is damaged.
    """
    row = pretrained(name)
    path = place_of(row)
    if not path.is_file():
        fetch = f"`vidfer encoders get {name}` downloads it from {row.address}"
        if row.address is None:
            fetch = f"it cannot be downloaded by a program ({row.note or row.licence})"
        raise CheckpointError(
            f"the weights of {name} are not here: {fetch}; a file that you have goes to {path}, or is named "
            "with --weights FILE"
        )
    check_hash(row, path, sha256_of(path))
    return path


def check_hash(row: Pretrained, path: Path, found: str) -> None:
    """Raise a CheckpointError unless a file is the one of the table, or the one that was downloaded first.

    Args:
        row: of the table. Where its hash is not known, that of the first download counts, which is written
            beside the file.
        path: where the file is kept, for the message.
        found: SHA-256 of the file, 64 hex digits.
    """
    wanted, whose = row.sha256, "the table of pretrained encoders"
    if not wanted and hash_file(row).is_file():
        wanted, whose = (
            hash_file(row).read_text("utf-8").strip(),
            f"{hash_file(row)}, from the first download,",
        )
    if not found.startswith(wanted):
        raise CheckpointError(
            f"{path} is damaged or another file: its SHA-256 is {found[:9]}..., and {whose} says "
            f"{wanted[:9]}...; `vidfer encoders get {row.name}` downloads it again"
        )


def record_hash(row: Pretrained, found: str) -> None:
    """Write the hash of a first download beside the file."""
    write_text(hash_file(row), found + "\n")


def hash_file(row: Pretrained) -> Path:
    path = place_of(row)
    return path.with_name(path.name + ".sha256")
