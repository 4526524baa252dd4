"""FER2013's table, whose pixels are numbers in a cell, and the images it is unpacked into."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from vidfer.clips.labels import numbered_label
from vidfer.errors import VidferError
from vidfer.tables import iterate_table

LABELS = {0: "angry", 1: "disgust", 2: "fear", 3: "happy", 4: "sad", 5: "surprise", 6: "neutral"}

USAGES = ("Training", "PublicTest", "PrivateTest")

SIDE = 48


class Face(NamedTuple):
    """A row of the table."""

    file: str
    """Where its image goes: ``Training/happy/fer0000007.png``, the number being the row, counted from 0."""
    label: str
    usage: str
    pixels: str
    where: str
    """Its place in the table, for messages."""


def read_faces(table: Path) -> Iterator[Face]:
    """The rows of ``fer2013.csv`` (emotion,pixels,Usage) or ``icml_face_data.csv`` (emotion, Usage, pixels).

    Raises:
        VidferError: other columns; an emotion or usage that FER2013 does not have.
    """
    remedy = "Give fer2013.csv or icml_face_data.csv (train.csv has no splits, FER+'s table has no pixels)"
    rows = iterate_table(table, ("emotion", "pixels", "usage"), remedy=remedy)
    for number, row in enumerate(rows):
        label, usage = numbered_label(row["emotion"], LABELS, row.where), row["usage"]
        if usage not in USAGES:
            raise VidferError(f"{row.where} has the Usage '{usage[:20]}'; FER2013's are {', '.join(USAGES)}")
        yield Face(f"{usage}/{label}/fer{number:07}.png", label, usage, row["pixels"], row.where)


def unpack_faces(table: Path, images: Path) -> None:
    """Write the faces of a table as PNG below ``images``, which is there whole or not at all.

    Raises:
        VidferError: a row that is no face of 48 x 48 pixels; a folder that cannot be written.
    """
    try:
        # Its own name for each process, because several may start on the same table at once.
        unfinished = Path(tempfile.mkdtemp(prefix=f"{images.name}.", dir=images.parent))
    except OSError as error:
        raise VidferError(
            f"cannot write the images of {table} beside it ({error.strerror}); "
            "copy the table to a folder that you may write, and give that"
        ) from error
    try:
        for face in read_faces(table):
            file = unfinished / face.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_png(face.pixels, face.where))
        unfinished.chmod(0o755)  # as other folders; mkdtemp's are private
        unfinished.rename(images)
    except OSError as error:
        if not images.is_dir():  # otherwise another process was first
            raise VidferError(f"cannot write {images} ({error.strerror}); make room there") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _png(pixels: str, where: str) -> bytes:
    values = np.fromstring(pixels, dtype=np.int64, sep=" ")
    if len(values) != SIDE * SIDE or values.min() < 0 or values.max() > 255:
        raise VidferError(
            f"{where} has {len(values)} pixels; FER2013's faces have {SIDE} x {SIDE} of 0 to 255. "
            "Download the table again"
        )
    return cv2.imencode(".png", values.astype(np.uint8).reshape(SIDE, SIDE))[1].tobytes()
