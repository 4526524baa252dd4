"""Writing a cache that is made of finished ones: never by accident over another, whole or not at all."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vidfer.build.lock import sole_writer
from vidfer.build.parts_folder import PartsFolder
from vidfer.errors import VidferError


@contextmanager
def new_cache(out: Path, sources: Iterable[Path], overwrite: bool) -> Iterator[None]:
    """Hold the sole right to write ``out`` while it is made of ``sources``.

    Raises:
        VidferError: when ``out`` is one of the sources, is a folder, is there and ``overwrite`` is False, is
            written by another process, or when the disk is full or broken.
    """
    if out.is_dir():
        raise VidferError(f"{out} is a folder; name the file to write, such as {out / 'new.h5'}")
    for source in sources:
        if out.exists() and source.exists() and out.samefile(source):
            raise VidferError(f"{out} would be read and written at the same time; choose another --out")
    if out.exists() and not overwrite:
        raise VidferError(f"{out} is there already; choose another --out, or --overwrite to replace it")
    with writing(out):
        yield


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Hold the lock of ``out``; a full or broken disk is one message.

    Raises:
        VidferError: when another process writes ``out``, or when the disk is full or broken.
    """
    parts = PartsFolder.beside(out)
    try:
        with sole_writer(parts.folder, out):
            try:
                yield
            finally:
                parts.remove_if_empty()
    except (OSError, RuntimeError) as error:  # HDF5 raises both
        full = getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error)
        what = f"the disk is full ({error})" if full else f"cannot write {out} ({error})"
        raise VidferError(
            f"{what}; {out} is as it was before. Make room or choose another place, then start again"
        ) from error
