"""What a damaged cache says."""

from __future__ import annotations

from pathlib import Path

from vidfer.errors import VidferError

WHOLE = ("root attributes", "settings", "clip table")
"""What is no clip's: it cannot be made again from a video."""


class Damage:
    """Turns what HDF5 and NumPy raise on damaged files into one message with the remedy."""

    def __init__(self, path: Path, what: str) -> None:
        self.path, self.what = path, what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind, error, trace) -> None:
        if isinstance(error, VidferError):
            raise VidferError(f"{self.path}, {self.what}: {error}") from error
        if isinstance(error, (OSError, RuntimeError, KeyError, ValueError, TypeError)):
            remedy = (
                f"`vidfer verify {self.path}` lists what is broken, and its --repair mends it from the videos"
            )
            if self.what in WHOLE:
                remedy = "restore it from a copy, or make it again with `vidfer cache --overwrite`"
            raise VidferError(
                f"{self.path}, {self.what}: the cache is damaged ({error}); {remedy}"
            ) from error
