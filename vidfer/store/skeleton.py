"""A cache whose tables are complete and whose crops are yet to come, and writing these into their places."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from vidfer.crops import REGIONS
from vidfer.store.clip_table import write_clip_table
from vidfer.store.records import CachedClip
from vidfer.store.schema import FRAME_COLUMNS, OFFSETS, PAYLOAD, Header, write_header
from vidfer.store.shard import Shard, write_shard

LIBVER = "v110"
"""HDF5 1.10's file format (2016): unlike the default one, it has checksums over its own structures."""


@dataclass(frozen=True)
class Place:
    """Where the crops of a clip belong."""

    first_frame: int
    first_byte: int
    """In the payload."""


def write_skeleton(
    path: Path,
    header: Header,
    records: Sequence[CachedClip],
    sizes: Sequence[int],
    shard: Shard | None = None,
) -> None:
    """Write all that is known before any crop is copied.

    What :class:`Filling` does afterwards touches none of HDF5's own structures: a kill cannot harm them.

    Args:
        path: the file; replaced if it is there.
        header: settings and versions.
        records: its clips in order, with the numbers of their frames.
        sizes: bytes of the crops of each clip.
        shard: which share of the clips these are.
    """
    n_frames, n_bytes = sum(record.n_frames for record in records), sum(sizes)
    with h5py.File(path, "w", libver=LIBVER) as file:
        write_header(file, header)
        write_shard(file, shard)
        write_clip_table(file, header, records)
        frames = file.create_group("frames")
        for name, (dtype, shape) in FRAME_COLUMNS.items():
            _reserve(frames, name, (n_frames, *shape), dtype)
        if header.codec == "jpeg":
            _reserve(frames, "jpeg_offset", (n_frames * len(REGIONS) + 1,), "<i8")
        _reserve(file, PAYLOAD[header.codec], (n_bytes // header.row_bytes, *header.row_shape), "u1")
    if header.codec == "jpeg":
        filling = Filling(path)
        filling.write_bounds(records, sizes)
        filling.close()


def _reserve(group: h5py.Group, name: str, shape: tuple[int, ...], dtype: str) -> None:
    """A contiguous data set that has its place in the file at once, with nothing written there."""
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    plan.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    plan.set_obj_track_times(False)  # the same clips give the same bytes, whenever they are written
    kind = h5py.h5t.py_create(np.dtype(dtype), logical=True)
    h5py.h5d.create(group.id, name.encode(), kind, h5py.h5s.create_simple(shape), plan)


class Filling:
    """Writes crops and frame columns into a skeleton, past HDF5."""

    def __init__(self, path: Path) -> None:
        with h5py.File(path, "r", locking=False) as file:
            names = [f"frames/{name}" for name in FRAME_COLUMNS] + [
                n for n in (OFFSETS, *PAYLOAD.values()) if n in file
            ]
            self._at = {name: file[name].id.get_offset() for name in names}  # None: it is empty
        self._payload = next(self._at[name] for name in PAYLOAD.values() if name in self._at)
        self._file = os.open(path, os.O_WRONLY)

    def write_crops(self, place: Place, done: int, piece: np.ndarray) -> None:
        """A piece of a clip's crops (bytes,) uint8, which comes after ``done`` bytes of them."""
        self._write(self._payload + place.first_byte + done, piece)

    def write_tables(self, place: Place, columns: dict[str, np.ndarray], offsets: np.ndarray | None) -> None:
        """The frame columns of a clip, and where its JPEGs begin and end, counted from its own first byte."""
        for name, column in columns.items():
            if len(column):
                row_bytes = column.nbytes // len(column)
                self._write(self._at[f"frames/{name}"] + place.first_frame * row_bytes, column)
        if offsets is not None:
            first = place.first_frame * len(REGIONS)
            self._write(self._at[OFFSETS] + 8 * first, (place.first_byte + offsets).astype("<i8"))

    def write_bounds(self, records: Sequence[CachedClip], sizes: Sequence[int]) -> None:
        """Where each clip begins and ends in the payload: so its size is known before its crops are there."""
        first_byte = 0
        for record, size in zip(records, sizes):
            for frame, byte in ((0, first_byte), (record.n_frames, first_byte + size)):
                row = (record.first_frame + frame) * len(REGIONS)
                self._write(self._at[OFFSETS] + 8 * row, np.array([byte], "<i8"))
            first_byte += size

    def sync(self) -> None:
        """Wait until all that was written has reached the disk."""
        os.fsync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _write(self, position: int, data: np.ndarray) -> None:
        left = memoryview(np.ascontiguousarray(data)).cast("B")
        while left:
            n = os.pwrite(self._file, left, position)
            left, position = left[n:], position + n
