"""How large a film the app takes, and the refusal of one that is larger or is no film."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import av

from vidfer.clips.media import UNREADABLE_IMAGE_SUFFIXES, is_image, is_video
from vidfer.errors import DataError, SettingError
from vidfer.report.time_text import length

MOST_PIXELS = 4096 * 4096
"""A frame with more pixels is refused: a small file can hold a picture that fills the memory."""
HEAD_BYTES = 4096
PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"<MPD", b"c=IN ")
"""How files begin that name other files (HLS, concat, DASH, SDP). FFmpeg would read those of this machine."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The largest film that is taken."""

    max_mb: float = 200
    """Megabytes (10^6 bytes) of a file."""
    max_seconds: float = 300
    """Seconds of a film."""

    def __post_init__(self) -> None:
        for name in ("max_mb", "max_seconds"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise SettingError(f"--{name.replace('_', '-')} {value:g}: give a number above 0")

    def check(self, path: Path) -> None:
        """Refuse what the header of a file shows: no film or picture, too large, or too long.

        Raises:
            DataError: with a message for whoever has uploaded it.
        """
        if not path.is_file():
            raise DataError(f"{path.name} is not here any more; choose the file again")
        n_bytes = path.stat().st_size
        if not n_bytes:
            raise DataError(f"{path.name} is empty (0 bytes); copy or record it again")
        if n_bytes > self.max_mb * 1e6:
            raise DataError(self.too_large(path.name, f"{math.ceil(n_bytes / 1e5) / 10:g}"))
        if path.suffix.lower() in UNREADABLE_IMAGE_SUFFIXES:
            raise DataError(f"{path.name} is a HEIC picture, which cannot be read; save it as JPEG or PNG")
        if not (is_image(path) or is_video(path)) or _names_other_files(path):
            raise DataError(
                f"{path.name} is no film and no picture, or its name does not end like one; choose an MP4, "
                "MOV, WebM, JPEG or PNG"
            )
        self.check_time(path.name, _length_s(path), "long")

    def too_large(self, name: str, mb: str) -> str:
        """What is told of a file with too many megabytes."""
        return (
            f"{name} has {mb} MB, and this app takes {self.max_mb:g} MB; cut it or make it smaller, or use "
            "the command `vidfer predict`, which has no limit"
        )

    def check_time(self, name: str, time_s: float, what: str = "or longer") -> None:
        """Refuse a film that has come to a time, in seconds, beyond the limit.

        Raises:
            DataError: it is too long.
        """
        if time_s > self.max_seconds + 0.5:  # a camera that is stopped after so many seconds adds some frames
            raise DataError(
                f"{name} is {length(time_s)} {what}, and this app takes {length(self.max_seconds)}; cut it, "
                "or use the command `vidfer predict`, which has no limit"
            )


def _names_other_files(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    try:
        head.decode()
        is_text = bool(head) and b"\0" not in head
    except UnicodeDecodeError as error:
        is_text = error.start > len(head) - 4 and len(head) == HEAD_BYTES  # a letter that is cut at the end
    return is_text or any(sign in head for sign in PLAYLISTS)


def _length_s(path: Path) -> float:
    """Length of a film as its header says, in seconds; 0 where it does not say.

    Raises:
        DataError: its frames have too many pixels, or it cannot be read.
    """
    try:
        with av.open(str(path.absolute()), options={"protocol_whitelist": "file"}) as container:
            if not container.streams.video:
                raise DataError(f"{path.name} shows nothing: there is no picture in it, only sound")
            stream = container.streams.video[0]
            if stream.width * stream.height > MOST_PIXELS:
                raise DataError(
                    f"{path.name} has {stream.width} x {stream.height} pixels, too many for this app; make "
                    "it smaller"
                )
            return 0.0 if is_image(path) else (container.duration or 0) / av.time_base
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(
            f"{path.name} cannot be read ({reason}); try to open it in a player, or save it as MP4"
        ) from error
