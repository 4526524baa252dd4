"""The clip table of a cache and the hashes over it."""

from __future__ import annotations

from collections.abc import Sequence

import h5py
import numpy as np

from vidfer.store.records import CachedClip
from vidfer.store.schema import (
    LATER_TEXT_COLUMNS,
    NUMBER_COLUMNS,
    TEXT_COLUMNS,
    Header,
    content_hash,
    provenance_hash,
)


def write_clip_table(file: h5py.File, header: Header, clips: Sequence[CachedClip]) -> None:
    """Write /clips and the two hashes of the file."""
    group = file.create_group("clips")
    for name in (*TEXT_COLUMNS, *LATER_TEXT_COLUMNS):
        texts = [(getattr(clip, name) or "").encode("utf-8", "replace") for clip in clips]
        longest = max(1, *map(len, texts)) if texts else 1
        group.create_dataset(name, data=np.array(texts, h5py.string_dtype("utf-8", longest)))
    for name in NUMBER_COLUMNS:
        group.create_dataset(name, data=number_column(name, clips))
    file.attrs["content_hash"] = content_hash(header, [clip.hash for clip in clips])
    file.attrs["provenance_hash"] = provenance_hash(
        header,
        [clip.reason for clip in clips],
        [clip.file_size for clip in clips],
        [clip.reader for clip in clips],
    )


def number_column(name: str, clips: Sequence[CachedClip]) -> np.ndarray:
    """A column of /clips as it is written: NaN of one kind where nothing is known."""
    dtype, shape = NUMBER_COLUMNS[name]
    empty = (np.nan,) * shape[0] if shape else np.nan
    values = [getattr(clip, name) for clip in clips]
    rows = np.array([empty if value is None else value for value in values], dtype)
    return rows.reshape(len(clips), *shape)
