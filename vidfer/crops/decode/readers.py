"""Chooses the readers of a file, from the first to the most careful one.

decord reads where it can be proved right, see :mod:`vidfer.crops.decode.decord_proof`. PyAV reads everything
else: first as the packets announce the frames; where that turns out wrong, the careful reader decodes the
whole video once before it gives a frame.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import av
import numpy as np

from vidfer.clips.media import is_image
from vidfer.crops.decode.animation_reader import AnimationReader
from vidfer.crops.decode.av_reader import AvReader
from vidfer.crops.decode.careful_reader import CarefulReader
from vidfer.crops.decode.decord_proof import why_unsuited
from vidfer.crops.decode.decord_reader import DecordReader, import_decord
from vidfer.crops.decode.image_reader import ImageReader
from vidfer.crops.decode.packet_table import UnexpectedFrames
from vidfer.crops.decode.packets import open_container
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.errors import MissingPackageError

SEEK_S = 4.0
"""A part that starts later than this is jumped to. What lies before an earlier part is soon decoded."""

SEEK_CONTAINERS = frozenset({"mov", "matroska"})
"""Only these store when each frame is shown. Elsewhere that is computed from the packets before, which a jump
leaves out."""

SMALL_PART = 0.5
"""PyAV reads a part that ends before this share of the video."""


class Reader(Protocol):
    """What all readers have in common. They read forwards only."""

    library: str
    """What decodes: ``decord``, ``pyav``, or ``opencv`` for images."""
    is_proved_at_end: bool
    """Whether no frame may be used before ``check_end()``, which this reader then has, has returned."""
    times_s: np.ndarray
    """float64 (n,), rising from 0: seconds from the first frame to each frame."""
    fps: float
    """Mean frame rate; 0 for a single image."""
    width: int
    height: int
    fault: str | None
    """Why the frames end before the file does, once that is known."""

    def read(self, positions: np.ndarray) -> np.ndarray:
        """Frames at rising positions (k,): uint8 (k, H, W, 3) RGB; fewer than k where ``fault`` ends them.

        Raises:
            UnexpectedFrames: the times are wrong from here on; the next reader has to take over.
        """


def open_readers(
    path: Path, *, start_s: float | None = None, end_s: float | None = None, reader: str = "auto"
) -> Iterator[Reader]:
    """The readers of a video file, an image file or a folder of frames; each next one trusts the file less.

    Args:
        path: what to read.
        start_s: frames before this time, in seconds, may be left out.
        end_s: frames at and after this time, in seconds, may be left out.
        reader: ``auto`` tries decord first, ``pyav`` never does, ``decord`` tries nothing else. It makes no
            difference for images.

    Raises:
        UnreadableVideo: nothing can be read, or decord is forced and cannot be proved right.
        MissingPackageError: decord is forced and not installed.
    """
    found = _status_of(path)
    if stat.S_ISDIR(found.st_mode):
        yield ImageReader.of_folder(path)
        return
    if not stat.S_ISREG(found.st_mode):
        raise UnreadableVideo(path, "a pipe or a device, not a file")
    if found.st_size == 0:
        raise UnreadableVideo(path, "the file is empty (0 bytes)")
    if is_image(path):
        yield AnimationReader.of_file(path) or ImageReader.of_image(path)
        return
    container = open_container(path)
    if container.format.name.endswith("_pipe"):  # an image under a video's name
        container.close()
        yield AnimationReader.of_file(path) or ImageReader.of_image(path)
        return
    if reader == "decord":
        check_reader(reader)
        yield _forced_decord(path, container)
        return
    jumps = start_s is not None and start_s > SEEK_S
    jumps = jumps and bool(SEEK_CONTAINERS & set(container.format.name.split(",")))
    # decord has to read all of a video, also for a small part at its start.
    ends_early = end_s is not None and end_s < SMALL_PART * float(container.duration or 0) / av.time_base
    unread = [container]

    def opened() -> av.container.InputContainer:
        return unread.pop() if unread else open_container(path)

    makers: list[Callable[[], Reader]] = []
    if jumps:
        makers.append(lambda: AvReader(path, opened(), start_s=start_s, end_s=end_s))
    elif reader == "auto" and not ends_early and not why_unsuited(container, exact=True) and import_decord():
        makers.append(lambda: DecordReader(path, opened(), exact=True))
    makers += [lambda: AvReader(path, opened(), end_s=end_s), lambda: CarefulReader(path)]
    for make in makers:
        try:
            made = make()
        except UnexpectedFrames:
            continue
        yield made


def _status_of(path: Path) -> os.stat_result:
    """What the system says of a file or folder, or an UnreadableVideo where it says nothing."""
    try:
        return path.stat()
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            raise UnreadableVideo(path, f"it cannot be opened ({error.strerror})") from error
        no_file = "a link that leads to no file" if path.is_symlink() else "no such file"
        raise UnreadableVideo(path, no_file) from error


def check_reader(reader: str) -> None:
    """Raise :class:`MissingPackageError` if ``reader`` forces decord and it is not installed."""
    if reader == "decord" and import_decord() is None:
        raise MissingPackageError(
            "--reader decord needs decord, which cannot be loaded here: pip install decord (there are wheels "
            "for Linux and Windows on x86-64), or choose --reader pyav"
        )


def _forced_decord(path: Path, container: av.container.InputContainer) -> Reader:
    try:
        return DecordReader(path, container, exact=False)
    except UnexpectedFrames as error:
        raise not_proved(path, error) from error


def not_proved(path: Path, error: UnexpectedFrames) -> UnreadableVideo:
    """The error of a video for which decord is forced and cannot be proved right."""
    return UnreadableVideo(
        path, f"decord cannot be proved right for this video: {error}; --reader auto reads it with PyAV"
    )
