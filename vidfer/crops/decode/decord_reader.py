"""The first reader: decord, where its frames are proved right before the first one is given.

What decord 0.6 gets wrong was found with numbered frames. In MPEG program and transport streams it loses the
frames before the second key frame. Frames that an edit list hides it counts, but does not give. After a jump
it lands up to 35 frames off. It fills the gaps with copies of other frames and does not say so. Therefore
decord reads each video from the first frame to the last here, and four checks must hold before any is used:

* it counts the frames that the packets count, at the same times. For AVI decord may know no times; an AVI has
  a constant frame rate, so its packets have to follow each other evenly;
* its first frame shows what PyAV's shows;
* it never had to repeat a frame (``fault_tol``), and the video ends where the packets end;
* it gives each frame within :data:`HANG_S`.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from functools import cache
from itertools import chain, islice
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import numpy as np

from vidfer.crops.decode.av_reader import AvReader
from vidfer.crops.decode.frame_memory import new_frames
from vidfer.crops.decode.packet_table import UnexpectedFrames
from vidfer.crops.decode.packets import video_stream

SAME_PIXELS = frozenset(
    {"h264", "hevc", "vp8", "vp9", "mpeg4", "msmpeg4", "msmpeg4v2", "wmv1", "wmv2", "flv", "h263", "mjpeg"}
    | {"ffv1", "rawvideo", "prores", "png"}
)
"""Codecs (FFmpeg's names) from which both libraries decode the same bytes, in all files that were tried. VP6
is not one of them: decord's older FFmpeg rounds differently, and only after the first frame."""

LOSES_FRAMES = frozenset({"mpeg", "mpegts"})
"""Containers (FFmpeg's names) from which decord loses frames; it need not be asked."""

HELD_BYTES = 256 * 2**20
"""Decoded frames that may be held at once. All frames of a video are held until the last one is proved right,
so a video with more pixels is not given to decord."""

SAME_TIME_S = 2e-3
"""A frame is the same if decord's time, which has 7 digits, is this near to that of the packets."""

NO_TIME_S = -1e12
"""decord gives a frame without a time a lower number than this."""

ORDER_FRAMES = 16
"""So many frames show whether B-frames come at the times of their packets."""

ROUNDING = 2.0
"""Mean difference, in grey levels, that rounding alone makes between two frames, at most."""

HANG_S = 30.0
"""decord is given up if it takes longer for one frame; seconds."""


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
        if reason := proof.fault or _why_too_large(expected.nbytes * len(self.times_s)):
            raise UnexpectedFrames(reason)
        is_avi = container.format.name == "avi"
        if is_avi and video_stream(container).codec_context.has_b_frames and not _in_order(proof):
            self.times_s = np.arange(len(self.times_s)) / self.fps  # as the careful reader counts them
        frames = _with_time_limit(_decode_all(path, self.times_s, is_avi), HANG_S)
        first = next(frames)
        _check_same_picture(first.asnumpy(), expected, exact)
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


def why_unsuited(container: av.container.InputContainer, exact: bool) -> str | None:
    """Why decord need not be tried, or None; looks at the header of the file only."""
    stream = video_stream(container)
    codec = stream.codec_context
    if LOSES_FRAMES & set(container.format.name.split(",")):
        return f"decord loses frames in the container {container.format.name}"
    if exact and codec.name not in SAME_PIXELS:
        return f"decord's pixels of {codec.name} are not those of PyAV"
    n_frames = float(container.duration or 0) / av.time_base * float(stream.average_rate or 0)
    return _why_too_large(n_frames * codec.width * codec.height * 3 / 2)  # half: the header may be wrong


def _why_too_large(n_bytes: float) -> str | None:
    if n_bytes <= HELD_BYTES:
        return None
    return (
        f"decord holds all frames of a video at once, {n_bytes / 2**20:.0f} MiB of this one, and may hold "
        f"{HELD_BYTES >> 20} MiB"
    )


def _in_order(proof: AvReader) -> bool:
    """Whether the packets of an AVI with B-frames give the times at which frames are shown.

    AVI stores the order of decoding only. From MPEG-4 the decoder knows better, from H.264 it does not.
    """
    try:
        proof.read(np.arange(1, min(ORDER_FRAMES, len(proof.times_s))))
    except UnexpectedFrames:
        return False
    return True


def _check_same_picture(found: np.ndarray, expected: np.ndarray, exact: bool) -> None:
    if found.shape != expected.shape:
        raise UnexpectedFrames(f"decord's frames are {found.shape}, not {expected.shape}")
    difference = float(np.abs(found.astype(np.int16) - expected).mean())
    if difference > (0.0 if exact else ROUNDING):
        raise UnexpectedFrames(f"decord's first frame differs from PyAV's by {difference:.2f} grey levels")


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
        _check_times(video.get_frame_timestamp(range(len(video)))[:, 0], times_s, is_avi)
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


def _check_times(rough_s: np.ndarray, times_s: np.ndarray, is_avi: bool) -> None:
    if len(rough_s) != len(times_s):
        raise UnexpectedFrames(f"decord counts {len(rough_s)} frames, the packets {len(times_s)}")
    if is_avi and rough_s.min() < NO_TIME_S:
        rough_s = np.linspace(0.0, times_s[-1], len(times_s))
    if not np.abs(rough_s - rough_s[0] - times_s).max() <= SAME_TIME_S:
        raise UnexpectedFrames("decord's times are not those of the packets")


def _with_time_limit(items: Iterator[Any], limit_s: float) -> Iterator[Any]:
    """The same items, made in a thread that is left alone when it takes longer than ``limit_s`` for one.

    decord can wait for ever inside its own code, where Python cannot interrupt it.
    """
    made: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def make() -> None:
        try:
            for item in items:
                made.put((item, None))
            made.put((None, StopIteration()))
        except BaseException as error:
            made.put((None, error))

    threading.Thread(target=make, daemon=True).start()
    while True:
        try:
            item, error = made.get(timeout=limit_s)
        except queue.Empty:
            raise UnexpectedFrames(f"decord gives no frame within {limit_s:g} s") from None
        if isinstance(error, StopIteration):
            return
        if error is not None:
            raise error
        yield item
