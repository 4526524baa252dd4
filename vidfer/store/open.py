"""Opening the file of a cache, and saying what is wrong when it cannot be opened or read."""

from __future__ import annotations

import errno
from pathlib import Path

import h5py

from vidfer.errors import CacheError
from vidfer.reachable import check_reachable
from vidfer.store.layout import check_attributes
from vidfer.store.schema import FORMAT, SCHEMA_VERSION

NOT_OF_A_CLIP = ("root attributes", "settings", "clip table")
"""Parts of a cache that belong to no clip. They cannot be made again from a video."""


DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, OverflowError)
"""What HDF5, NumPy and JSON raise on a damaged file."""


def open_cache(path: Path) -> h5py.File:
    """Open a cache for reading.

    Raises:
        CacheError: there is no such file, or it is unfinished, damaged, no crop cache, or of another schema
            version. The message gives the remedy.
    """
    _check_is_file(path)
    remedy = f"restore it from a copy, or delete it and run `vidfer cache --src ... --out {path}` again"
    try:
        # A finished cache never changes in place, so no lock is needed. Some network file systems have none.
        file = h5py.File(path, "r", locking=False)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            raise CacheError(f"you have no permission to read {path}; ask its owner for it") from error
        raise CacheError(
            f"{path} is not an HDF5 file, or it is damaged or truncated ({error}); if it is a cache, {remedy}"
        ) from error
    try:
        check_attributes(file)
        kind, version = file.attrs.get("format"), file.attrs.get("schema_version")
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        file.close()
        raise CacheError(f"the attributes of {path} are damaged ({error}); {remedy}") from error
    if kind != FORMAT or version is None:
        file.close()
        raise CacheError(
            f"{path} is an HDF5 file, but not a crop cache; name a file that `vidfer cache` wrote"
        )
    if version != SCHEMA_VERSION:
        file.close()
        raise CacheError(
            f"{path} has cache schema {version}, but this vidfer reads schema {SCHEMA_VERSION}; make it "
            f"again with `vidfer cache --overwrite`, or use the vidfer that wrote it"
        )
    return file


class reported_as_damage:
    """Turn what HDF5 and NumPy raise on a damaged file into a CacheError with the remedy.

    This is no generator for ``contextlib.contextmanager``: on Python 3.12 and 3.13 an error that such a
    generator raises in the place of another keeps the cache open until the garbage collector comes. Until
    then HDF5 reads the old content, also where the file has been written over.

    Args:
        path: the cache.
        what: what is read: the id of a clip, or one of :data:`NOT_OF_A_CLIP`.
    """

    def __init__(self, path: Path, what: str) -> None:
        self.path, self.what = path, what

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, CacheError):
            raise CacheError(f"{self.path}, {self.what}: {error}") from error
        if isinstance(error, DAMAGE):
            remedy = f"`vidfer verify {self.path}` lists what is damaged; with --repair it makes that again"
            if self.what in NOT_OF_A_CLIP:
                remedy = "restore it from a copy, or make it again with `vidfer cache --overwrite`"
            place = f"{self.path}, {self.what}"
            raise CacheError(f"{place}: the cache is damaged ({error}); {remedy}") from error


def _check_is_file(path: Path) -> None:
    if path.is_dir():
        raise CacheError(f"{path} is a folder; name the cache file, such as {path / 'afew.h5'}")
    if path.is_file():
        return
    parts = path.with_name(path.name + ".parts")
    if parts.is_dir():
        raise CacheError(
            f"{path} is not finished; start the same `vidfer cache` command again, and it continues with the "
            f"finished clips in {parts}"
        )
    check_reachable(path)
    raise CacheError(f"there is no crop cache {path}; make it with `vidfer cache --src ... --out {path}`")
