"""Writing a cache: first all its tables, with room for the crops; then the crops, each into its place."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from vidfer.crops import REGIONS
from vidfer.store.clip_table import write_clip_table
from vidfer.store.records import CachedClip
from vidfer.store.schema import FRAME_COLUMNS, OFFSETS, PAYLOAD, Header, write_header

LIBVER = "v110"
"""The file format of HDF5 1.10 (2016). Unlike the default, it has checksums over its own structures."""


def preallocate(path: Path, header: Header, records: Sequence[CachedClip], sizes: Sequence[int]) -> None:
    """Write everything that is known before any crop is copied, and leave room for the rest.

    :class:`CacheWriter` then fills the room. It touches none of HDF5's own structures, so a process that is
    killed while it writes cannot damage them.

    Args:
        path: the file. It is replaced if it exists.
        header: settings, versions and shard.
        records: the clips in order of id, with their numbers of frames.
        sizes: bytes of the crops of each clip.
    """
    n_frames, n_bytes = sum(record.n_frames for record in records), sum(sizes)
    with h5py.File(path, "w", libver=LIBVER) as file:
        write_header(file, header)
        write_clip_table(file, header, records)
        frames = file.create_group("frames")
        for name, (dtype, shape) in FRAME_COLUMNS.items():
            _allocate(frames, name, (n_frames, *shape), dtype)
        if header.codec == "jpeg":
            _allocate(frames, "jpeg_offset", (n_frames * len(REGIONS) + 1,), "<i8")
        _allocate(file, PAYLOAD[header.codec], (n_bytes // header.row_bytes, *header.row_shape), "u1")
    if header.codec == "jpeg":
        writer = CacheWriter(path)
        writer.write_clip_bounds(records, sizes)
        writer.close()


def _allocate(group: h5py.Group, name: str, shape: tuple[int, ...], dtype: str) -> None:
    """Make a contiguous data set that has its place in the file at once. Nothing is written there yet."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    properties.set_obj_track_times(False)  # the same clips give the same bytes, whenever they are written
    kind = h5py.h5t.py_create(np.dtype(dtype), logical=True)
    h5py.h5d.create(group.id, name.encode(), kind, h5py.h5s.create_simple(shape), properties)


class CacheWriter:
    """Writes crops and frame columns into a preallocated cache, past HDF5.

    Args:
        path: what :func:`preallocate` has written.
    """

    def __init__(self, path: Path) -> None:
        with h5py.File(path, "r", locking=False) as file:
            names = [f"frames/{name}" for name in FRAME_COLUMNS] + [
                name for name in (OFFSETS, *PAYLOAD.values()) if name in file
            ]
            self._begins = {name: file[name].id.get_offset() for name in names}  # None: it is empty
        self._payload = next(self._begins[name] for name in PAYLOAD.values() if name in self._begins)
        self._file = os.open(path, os.O_WRONLY)

    def write_crops(self, first_byte: int, piece: np.ndarray) -> None:
        """Write a piece of crops, (bytes,) uint8, from this byte of all crops on."""
        self._write(self._payload + first_byte, piece)

    def write_frames(
        self, first_frame: int, first_byte: int, columns: dict[str, np.ndarray], offsets: np.ndarray | None
    ) -> None:
        """Write the frame columns of a clip.

        Args:
            first_frame: row of its first frame.
            first_byte: where its crops begin among all crops.
            columns: by name, each of T rows.
            offsets: (3 * T + 1,) where its JPEGs begin and end, counted from its own first byte; None with
                codec raw.
        """
        for name, column in columns.items():
            if len(column):
                row_bytes = column.nbytes // len(column)
                self._write(self._begins[f"frames/{name}"] + first_frame * row_bytes, column)
        if offsets is not None:
            first = first_frame * len(REGIONS)
            self._write(self._begins[OFFSETS] + 8 * first, (first_byte + offsets).astype("<i8"))

    def write_clip_bounds(self, records: Sequence[CachedClip], sizes: Sequence[int]) -> None:
        """Write the first and last JPEG offset of each clip: so its size is known before its crops come."""
        first_byte = 0
        for record, size in zip(records, sizes):
            for frame, byte in ((0, first_byte), (record.n_frames, first_byte + size)):
                row = (record.first_frame + frame) * len(REGIONS)
                self._write(self._begins[OFFSETS] + 8 * row, np.array([byte], "<i8"))
            first_byte += size

    def sync(self) -> None:
        """Wait until everything written has reached the disk."""
        os.fsync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _write(self, position: int, data: np.ndarray) -> None:
        left = memoryview(np.ascontiguousarray(data)).cast("B")
        while left:
            n = os.pwrite(self._file, left, position)
            left, position = left[n:], position + n
