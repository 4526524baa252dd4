"""Creating the data sets of a cache and filling its clip table."""

from __future__ import annotations

from collections.abc import Sequence

import h5py
import numpy as np

from vidfer.crops import REGIONS
from vidfer.store.records import CachedClip
from vidfer.store.schema import (
    FRAME_COLUMNS,
    NUMBER_COLUMNS,
    OFFSETS,
    PAYLOAD,
    TEXT_COLUMNS,
    Header,
    content_hash,
    provenance_hash,
    write_header,
)

LIBVER = "v110"
"""HDF5 1.10's file format (2016): unlike the default one, it has checksums over its own structures."""


def create_tables(file: h5py.File, header: Header, n_frames: int, n_bytes: int) -> h5py.Dataset:
    """Create /frames and the payload, and return the payload.

    Args:
        file: an empty file open for writing.
        header: its settings; written too.
        n_frames: frames of all clips.
        n_bytes: bytes of all their crops.
    """
    write_header(file, header)
    frames = file.create_group("frames")
    for name, (dtype, shape) in FRAME_COLUMNS.items():
        frames.create_dataset(name, (n_frames, *shape), dtype)
    if header.codec == "jpeg":
        file.create_dataset(OFFSETS, (n_frames * len(REGIONS) + 1,), "<i8")
    return file.create_dataset(PAYLOAD[header.codec], (n_bytes // header.row_bytes, *header.row_shape), "u1")


def write_clip_table(file: h5py.File, header: Header, clips: Sequence[CachedClip]) -> str:
    """Write /clips and the two hashes of the file; return the content hash."""
    group = file.create_group("clips")
    for name in TEXT_COLUMNS:
        texts = [(getattr(clip, name) or "").encode("utf-8", "replace") for clip in clips]
        longest = max(1, *map(len, texts)) if texts else 1
        group.create_dataset(name, data=np.array(texts, h5py.string_dtype("utf-8", longest)))
    for name, (dtype, shape) in NUMBER_COLUMNS.items():
        empty = (np.nan,) * shape[0] if shape else np.nan
        values = [getattr(clip, name) for clip in clips]
        rows = np.array([empty if value is None else value for value in values], dtype).reshape(
            len(clips), *shape
        )
        group.create_dataset(name, data=rows)
    content = content_hash(header, [clip.hash for clip in clips])
    file.attrs["content_hash"] = content
    file.attrs["provenance_hash"] = provenance_hash(
        header, [clip.reason for clip in clips], [clip.file_size for clip in clips]
    )
    return content
