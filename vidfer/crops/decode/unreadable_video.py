"""The error of every video that cannot be read."""

from __future__ import annotations

from pathlib import Path

from vidfer.errors import DataError


class UnreadableVideo(DataError):
    """A video, image or folder of frames that cannot be read, or not to its end.

    ``reason`` says why, in plain words. ``frames_read`` counts the frames that were given before the fault: 0
    when nothing could be read. The error can be sent between processes.
    """

    def __init__(self, path: Path | str, reason: str, frames_read: int = 0) -> None:
        super().__init__(str(path), reason, frames_read)
        self.path = Path(path)
        self.reason = reason
        self.frames_read = frames_read

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"
