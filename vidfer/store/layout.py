"""Check what a file declares about its tables before anything of them is read or allocated.

A damaged or made-up file may declare a table of another type, rank or length than a cache has, or one that is
longer than the file. All functions raise a ValueError; the reader turns it into a message.
"""

from __future__ import annotations

import os

import h5py
import numpy as np

MAX_TEXT_BYTES = 1 << 20
"""No id, path or reason of a clip is longer."""


def check_attributes(file: h5py.File) -> None:
    """Raise a ValueError unless every root attribute is one text or one whole number."""
    for name in file.attrs:
        attribute = h5py.h5a.open(file.id, name.encode("utf-8", "surrogateescape"))
        dtype = attribute.dtype
        if attribute.shape != () or not (dtype.kind in "iu" or h5py.check_string_dtype(dtype)):
            raise ValueError(f"the attribute {name} is not one text or one whole number")


def checked(file: h5py.File, name: str, dtype: str, row_shape: tuple[int, ...], length: int | None = None):
    """The data set ``name``, whose declaration is as it must be.

    Args:
        file: the cache.
        name: of the data set.
        dtype: of its numbers; ``text`` for texts of fixed length.
        row_shape: shape of a row.
        length: number of rows, if that is known.

    Raises:
        KeyError, ValueError: there is no such data set, or it is another.
    """
    found = file[name]
    if not isinstance(found, h5py.Dataset):
        raise ValueError(f"/{name} is not a data set")
    is_right = _is_text(found.dtype) if dtype == "text" else found.dtype == np.dtype(dtype)
    if not is_right:
        raise ValueError(f"/{name} has the type {found.dtype} instead of {dtype}")
    if found.shape is None or found.ndim == 0 or found.shape[1:] != row_shape:
        raise ValueError(f"/{name} has the shape {found.shape} instead of rows of {row_shape}")
    if length is not None and len(found) != length:
        raise ValueError(f"/{name} has {len(found)} rows instead of {length}")
    if found.chunks or found.external or found.is_virtual:
        raise ValueError(f"/{name} is not stored in one piece")
    begin, size = found.id.get_offset() or 0, os.fstat(file.id.get_vfd_handle()).st_size
    if begin + found.nbytes > size:
        raise ValueError(f"/{name} declares {len(found)} rows, more than a file of {size} bytes holds")
    return found


def _is_text(dtype: np.dtype) -> bool:
    return dtype.kind == "S" and dtype.itemsize <= MAX_TEXT_BYTES
