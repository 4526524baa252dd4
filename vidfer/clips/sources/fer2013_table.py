"""FER2013's table, which has the pixels of each face in a cell, and the images that it is unpacked into."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from vidfer.clips.labels import label_of_number
from vidfer.errors import DataError
from vidfer.tables import iterate_table

LABELS = {0: "angry", 1: "disgust", 2: "fear", 3: "happy", 4: "sad", 5: "surprise", 6: "neutral"}

USAGES = ("Training", "PublicTest", "PrivateTest")

SIDE_PX = 48


class Face(NamedTuple):
    """A row of the table."""

    file: str
    """The name of its image: ``Training/happy/fer0000007.png``. The number is the row, counted from 0."""
    label: str
    usage: str
    pixels: str
    """The grey values, 0 to 255, separated by spaces."""
    where: str
    """Its place in the table, for messages."""


def read_faces(table: Path) -> Iterator[Face]:
    """Reads the rows of ``fer2013.csv`` or ``icml_face_data.csv``.

    Raises:
        DataError: a column is missing, or a row has an emotion or usage that FER2013 does not have.
    """
    remedy = "Give fer2013.csv or icml_face_data.csv (train.csv has no splits, FER+'s table has no pixels)"
    rows = iterate_table(table, ("emotion", "pixels", "usage"), remedy=remedy)
    for number, row in enumerate(rows):
        label, usage = label_of_number(row["emotion"], LABELS, row.where), row["usage"]
        if usage not in USAGES:
            raise DataError(f"{row.where} has the Usage '{usage[:20]}'; FER2013 has {', '.join(USAGES)}")
        yield Face(f"{usage}/{label}/fer{number:07}.png", label, usage, row["pixels"], row.where)


def unpack_faces(table: Path, images: Path) -> None:
    """Writes the faces of a table as PNG below ``images``. That folder is there as a whole or not at all.

    Raises:
        DataError: a row is no face of 48 x 48 pixels, or the folder cannot be written.
    """
    try:
        # Each process has a folder of its own, because several may unpack the same table at once.
        unfinished = Path(tempfile.mkdtemp(prefix=f"{images.name}.", dir=images.parent))
    except OSError as error:
        raise DataError(
            f"cannot write the images of {table} beside it ({error.strerror}); copy the table to a folder "
            "where you may write, and give that"
        ) from error
    try:
        for face in read_faces(table):
            file = unfinished / face.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_png(face))
        unfinished.chmod(0o755)  # as for other folders; mkdtemp makes private ones
        unfinished.rename(images)
    except OSError as error:
        if not images.is_dir():  # if it is there, another process was faster
            raise DataError(f"cannot write {images} ({error.strerror}); make room there") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _png(face: Face) -> bytes:
    values = np.fromstring(face.pixels, dtype=np.int64, sep=" ")
    if len(values) != SIDE_PX * SIDE_PX or values.min() < 0 or values.max() > 255:
        raise DataError(
            f"{face.where} has {len(values)} pixels; a face of FER2013 has {SIDE_PX} x {SIDE_PX} pixels of 0 "
            "to 255. Download the table again"
        )
    return cv2.imencode(".png", values.astype(np.uint8).reshape(SIDE_PX, SIDE_PX))[1].tobytes()
