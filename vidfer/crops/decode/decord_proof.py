"""Proves that decord gives the right frames.

What decord 0.6 gets wrong was found with numbered frames. In MPEG program and transport streams it loses the
frames before the second key frame. Frames that an edit list hides it counts, but does not give. After a jump
it lands up to 35 frames off. It fills the gaps with copies of other frames and does not say so. Therefore
decord reads each video from the first frame to the last here, and four checks must hold before any is used:

* it counts the frames that the packets count, at the same times. For AVI decord may know no times; an AVI has
  a constant frame rate, so its packets have to follow each other evenly;
* its first frame shows what PyAV's shows;
* it never had to repeat a frame (``fault_tol``), and the video ends where the packets end;
* it gives each frame within :data:`vidfer.crops.decode.decord_reader.HANG_S`.
"""

from __future__ import annotations

import av
import numpy as np

from vidfer.crops.decode.av_reader import AvReader
from vidfer.crops.decode.packet_table import UnexpectedFrames
from vidfer.crops.decode.packets import video_stream

SAME_PIXELS = frozenset(
    {"h264", "hevc", "vp8", "vp9", "mpeg4", "msmpeg4", "msmpeg4v2", "wmv1", "wmv2", "flv", "h263", "mjpeg"}
    | {"ffv1", "rawvideo", "prores", "png"}
)
"""Codecs (FFmpeg's names) from which both libraries decode the same bytes, in all files that were tried. VP6
is not one of them: decord's older FFmpeg rounds differently, and only after the first frame."""

LOSES_FRAMES = frozenset({"mpeg", "mpegts"})
"""Containers (FFmpeg's names) from which decord loses frames; it is not tried."""

HELD_BYTES = 256 * 2**20
"""Decoded frames that may be held at once. All frames of a video are held until the last one is proved right,
so a video with more pixels is not given to decord."""

SAME_TIME_S = 2e-3
"""A frame is the same if decord's time, which has 7 digits, is this near to that of the packets."""

NO_TIME_S = -1e12
"""decord gives a frame without a time a lower number than this."""

ORDER_FRAMES = 16
"""Number of frames that show whether B-frames come at the times of their packets."""

ROUNDING = 2.0
"""Largest mean difference between two frames, in grey levels, that rounding alone makes."""


def why_unsuited(container: av.container.InputContainer, exact: bool) -> str | None:
    """Why decord need not be tried, or None; looks at the header of the file only."""
    stream = video_stream(container)
    codec = stream.codec_context
    if LOSES_FRAMES & set(container.format.name.split(",")):
        return f"decord loses frames in the container {container.format.name}"
    if exact and codec.name not in SAME_PIXELS:
        return f"decord's pixels of {codec.name} are not those of PyAV"
    n_frames = float(container.duration or 0) / av.time_base * float(stream.average_rate or 0)
    return why_too_large(n_frames * codec.width * codec.height * 3 / 2)  # half: the header may be wrong


def why_too_large(n_bytes: float) -> str | None:
    """Why decord cannot read a video with so many bytes of pixels, or None."""
    if n_bytes <= HELD_BYTES:
        return None
    return (
        f"decord holds all frames of a video at once, {n_bytes / 2**20:.0f} MiB of this one, and may hold "
        f"{HELD_BYTES >> 20} MiB"
    )


def is_in_order(proof: AvReader) -> bool:
    """Whether the packets of an AVI with B-frames give the times at which frames are shown.

    AVI stores the order of decoding only. From MPEG-4 the decoder knows better, from H.264 it does not.
    """
    try:
        proof.read(np.arange(1, min(ORDER_FRAMES, len(proof.times_s))))
    except UnexpectedFrames:
        return False
    return True


def check_same_picture(found: np.ndarray, expected: np.ndarray, exact: bool) -> None:
    """Raise :class:`UnexpectedFrames` if two frames (H,W,3) differ: at all, or by more than rounding."""
    if found.shape != expected.shape:
        raise UnexpectedFrames(f"decord's frames are {found.shape}, not {expected.shape}")
    difference = float(np.abs(found.astype(np.int16) - expected).mean())
    if difference > (0.0 if exact else ROUNDING):
        raise UnexpectedFrames(f"decord's first frame differs from PyAV's by {difference:.2f} grey levels")


def check_times(rough_s: np.ndarray, times_s: np.ndarray, is_avi: bool) -> None:
    """Raise :class:`UnexpectedFrames` if decord's times are not those (n,) of the packets."""
    if len(rough_s) != len(times_s):
        raise UnexpectedFrames(f"decord counts {len(rough_s)} frames, the packets {len(times_s)}")
    if is_avi and rough_s.min() < NO_TIME_S:
        rough_s = np.linspace(0.0, times_s[-1], len(times_s))
    if not np.abs(rough_s - rough_s[0] - times_s).max() <= SAME_TIME_S:
        raise UnexpectedFrames("decord's times are not those of the packets")
