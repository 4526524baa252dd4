"""Writing the frames and crops of many clips into a cache with few calls."""

from __future__ import annotations

import h5py
import numpy as np

from vidfer.store.schema import FRAME_COLUMNS, OFFSETS

FLUSH_BYTES = 8 << 20
"""So much is gathered before it is written: a call of h5py costs as much as copying 100 kB."""


class Gather:
    """Appends clips to the data sets of a cache; memory holds some megabytes of them.

    Args:
        file: a cache whose data sets have been created in the right size.
        payload: its crops.
    """

    def __init__(self, file: h5py.File, payload: h5py.Dataset) -> None:
        # In this order they are written, and laid out in the file.
        self.targets = {"payload": payload} | {name: file[f"frames/{name}"] for name in FRAME_COLUMNS}
        if OFFSETS in file:
            self.targets[OFFSETS] = file[OFFSETS]
        self.waiting: dict[str, list[np.ndarray]] = {name: [] for name in self.targets}
        self.written = dict.fromkeys(self.targets, 0)
        self.n_bytes, self.payload_bytes = 0, 0

    def add_crops(self, piece: np.ndarray) -> None:
        """Crops of a clip, (bytes,) uint8; before its tables."""
        self._add("payload", piece.reshape(-1, *self.targets["payload"].shape[1:]))

    def add_tables(self, columns: dict[str, np.ndarray], offsets: np.ndarray | None) -> None:
        """The frame columns of a clip, and where its JPEGs begin and end, counted from 0."""
        for name, column in columns.items():
            self._add(name, column)
        if offsets is not None:
            is_first = not self.written[OFFSETS] and not self.waiting[OFFSETS]
            self._add(OFFSETS, self.payload_bytes + offsets[0 if is_first else 1 :])
            self.payload_bytes += int(offsets[-1])

    def flush(self) -> None:
        """Write what waits."""
        for name, arrays in self.waiting.items():
            if arrays:
                begin, rows = self.written[name], np.concatenate(arrays)
                self.targets[name][begin : begin + len(rows)] = rows
                self.written[name] += len(rows)
                arrays.clear()
        self.n_bytes = 0

    def _add(self, name: str, rows: np.ndarray) -> None:
        if len(rows):
            self.waiting[name].append(rows)
            self.n_bytes += rows.nbytes
            if self.n_bytes >= FLUSH_BYTES:
                self.flush()
