"""The clip table of a cache, and the hashes over it."""

from __future__ import annotations

from collections.abc import Sequence

import h5py
import numpy as np

from vidfer.store.hashes import content_hash, provenance_hash
from vidfer.store.records import CachedClip
from vidfer.store.schema import LATER_TEXT_COLUMNS, NUMBER_COLUMNS, TEXT_COLUMNS, Header


def write_clip_table(file: h5py.File, header: Header, clips: Sequence[CachedClip]) -> None:
    """Write /clips and the two hashes of the file."""
    group = file.create_group("clips")
    rows = [clip.columns() for clip in clips]
    for name in (*TEXT_COLUMNS, *LATER_TEXT_COLUMNS):
        texts = [(row[name] or "").encode("utf-8", "replace") for row in rows]
        longest = max(1, *map(len, texts)) if texts else 1
        group.create_dataset(name, data=np.array(texts, h5py.string_dtype("utf-8", longest)))
    for name in NUMBER_COLUMNS:
        group.create_dataset(name, data=number_column(name, [row[name] for row in rows]))
    file.attrs["content_hash"] = content_hash(header, clips)
    file.attrs["provenance_hash"] = provenance_hash(header, clips)


def number_column(name: str, values: Sequence) -> np.ndarray:
    """A column of /clips as it is written: one kind of NaN for every value that is not known."""
    dtype, shape = NUMBER_COLUMNS[name]
    unknown = (np.nan,) * shape[0] if shape else np.nan
    rows = np.array([unknown if value is None else value for value in values], dtype)
    return rows.reshape(len(values), *shape)
