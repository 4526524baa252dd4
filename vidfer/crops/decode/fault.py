"""The exception of everything that keeps a video from being read."""

from __future__ import annotations

from pathlib import Path

from vidfer.errors import VidferError


class UnreadableVideo(VidferError):
    """A video, image or folder of frames that cannot be read, or not to its end.

    ``reason`` says why in words for people. ``frames_read`` counts the frames given before the fault: 0 when
    nothing could be read at all. It can be sent between processes.
    """

    def __init__(self, path: Path | str, reason: str, frames_read: int = 0) -> None:
        super().__init__(str(path), reason, frames_read)
        self.path = Path(path)
        self.reason = reason
        self.frames_read = frames_read

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"
