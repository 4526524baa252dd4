"""The first reader: decord, whose frames are used only after they are proved right.

:mod:`vidfer.crops.decode.decord_proof` says what decord gets wrong and has the checks.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import chain, islice
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import numpy as np

from vidfer.crops.decode.av_reader import AvReader
from vidfer.crops.decode.decord_proof import (
    check_same_picture,
    check_times,
    is_in_order,
    why_too_large,
    why_unsuited,
)
from vidfer.crops.decode.frame_memory import new_frames
from vidfer.crops.decode.packet_table import UnexpectedFrames
from vidfer.crops.decode.packets import video_stream
from vidfer.running_time import RunningTime

HANG_S = 30.0
"""decord is given up if it takes longer for one frame; seconds."""

Made = tuple[Any, BaseException | None]
"""A frame, or what came instead of one."""


class DecordReader:
    """Gives frames by position, forwards only. They may be used once :meth:`check_end` has returned.

    Args:
        path: the file.
        container: the same file, opened by PyAV and not yet read from.
        exact: whether the pixels have to be those of PyAV, bit for bit. Otherwise they may be rounded
            differently.

    Raises:
        UnexpectedFrames: decord cannot be proved right for this file; it says why. So do the methods.
    """

    library = "decord"
    is_proved_at_end = True

    def __init__(self, path: Path, container: av.container.InputContainer, *, exact: bool) -> None:
        self.fault: str | None = None
        if reason := why_unsuited(container, exact):
            raise UnexpectedFrames(reason)
        proof = AvReader(path, container)
        self.times_s, self.fps, self.width, self.height = proof.times_s, proof.fps, proof.width, proof.height
        expected = proof.read(np.array([0]))[0]
        if reason := proof.fault or why_too_large(expected.nbytes * len(self.times_s)):
            raise UnexpectedFrames(reason)
        is_avi = container.format.name == "avi"
        codec = video_stream(proof.container).codec_context  # the reader may have opened the file again
        if is_avi and codec.has_b_frames and not is_in_order(proof):
            self.times_s = np.arange(len(self.times_s)) / self.fps  # as the careful reader counts them
        frames = _with_time_limit(_decode_all(path, self.times_s, is_avi), HANG_S)
        first = next(frames)
        check_same_picture(first.asnumpy(), expected, exact)
        self._frames, self._next = chain([first], frames), 0

    def read(self, positions: np.ndarray) -> np.ndarray:
        """Frames at rising positions (k,), all after those of the last call: uint8 (k, H, W, 3) RGB."""
        images = new_frames((len(positions), self.height, self.width, 3))
        for image, position in zip(images, positions):
            image[...] = next(islice(self._frames, position - self._next, None)).asnumpy()
            self._next = position + 1
        return images

    def check_end(self) -> None:
        """Decode the rest of the video; what decord lost on the way is noticed at the end."""
        for _ in self._frames:
            pass


@cache
def import_decord() -> ModuleType | None:
    """decord, or None where it is not installed or cannot be loaded.

    There are wheels of it for Linux and Windows on x86-64 only.
    """
    # Before decord, which brings an old zlib into the process: an OpenCV loaded after it reads no PNG.
    import cv2  # noqa: F401

    try:
        import decord
    except (ImportError, OSError):
        return None
    decord.logging.set_level(decord.logging.QUIET)
    return decord


def _decode_all(path: Path, times_s: np.ndarray, is_avi: bool) -> Iterator[Any]:
    """decord's frames, checked against the times (n,) of the packets.

    Raises:
        UnexpectedFrames: here, or from any frame.
    """
    decord = import_decord()
    try:
        # One thread: clips are spread over processes, more threads would only take more memory. A fault
        # tolerance next to 0 turns the first repeated frame into an error; 0 itself would allow all of them.
        video = decord.VideoReader(str(path.absolute()), num_threads=1, fault_tol=1e-9)
        check_times(video.get_frame_timestamp(range(len(video)))[:, 0], times_s, is_avi)
        for _ in times_s:
            yield video.next()
        try:
            video.next()
        except StopIteration:
            return
    except UnexpectedFrames:
        raise
    except StopIteration:
        raise UnexpectedFrames("decord's frames end too early") from None
    except Exception as error:  # DECORDError, RuntimeError, AssertionError, as it comes
        raise UnexpectedFrames(f"decord fails ({' '.join(str(error).split())[:200]})") from error
    raise UnexpectedFrames("decord's frames do not end where the packets end")


def _with_time_limit(items: Iterator[Any], limit_s: float) -> Iterator[Any]:
    """The same items, made in a thread that is left alone when it takes longer than ``limit_s`` for one.

    decord can wait for ever inside its own code, where Python cannot interrupt it. Time in which this process
    stands still does not count: the other reader may round pixels differently, so a pause would show in them.
    """
    made: queue.SimpleQueue[Made] = queue.SimpleQueue()

    def make() -> None:
        try:
            for item in items:
                made.put((item, None))
            made.put((None, StopIteration()))
        except BaseException as error:
            made.put((None, error))

    threading.Thread(target=make, daemon=True).start()
    while True:
        item, error = _next_within(limit_s, made)
        if isinstance(error, StopIteration):
            return
        if error is not None:
            raise error
        yield item


def _next_within(limit_s: float, made: queue.SimpleQueue[Made]) -> Made:
    waited_s = RunningTime()
    while waited_s() < limit_s:
        with suppress(queue.Empty):
            return made.get(timeout=min(limit_s, 1.0))
    raise UnexpectedFrames(f"decord gives no frame within {limit_s:g} s")
