"""How damage of a cache is reported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vidfer.errors import CacheError

NOT_OF_A_CLIP = ("root attributes", "settings", "clip table")
"""Parts of a cache that belong to no clip. They cannot be made again from a video."""


@contextmanager
def reported_as_damage(path: Path, what: str) -> Iterator[None]:
    """Turn what HDF5 and NumPy raise on a damaged file into a CacheError with the remedy.

    Args:
        path: the cache.
        what: what is read: the id of a clip, or one of :data:`NOT_OF_A_CLIP`.
    """
    try:
        yield
    except CacheError as error:
        raise CacheError(f"{path}, {what}: {error}") from error
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        remedy = f"`vidfer verify {path}` lists what is damaged; with --repair it makes that again"
        if what in NOT_OF_A_CLIP:
            remedy = "restore it from a copy, or make it again with `vidfer cache --overwrite`"
        raise CacheError(f"{path}, {what}: the cache is damaged ({error}); {remedy}") from error
