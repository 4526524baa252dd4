"""What a damaged cache says."""

from __future__ import annotations

from pathlib import Path

from vidfer.errors import VidferError


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
            raise VidferError(
                f"{self.path}, {self.what}: the cache is damaged ({error}); `vidfer verify {self.path}` "
                f"lists what is broken and, with --repair, mends it from the videos"
            ) from error
