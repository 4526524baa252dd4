"""When a video's first frame is shown, and in which unit the file counts time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from vidfer.crops.decode.packets import decode_packets, open_container, read_packets, video_stream
from vidfer.crops.decode.unreadable_video import UnreadableVideo

MILLISECOND = Fraction(1, 1000)


@dataclass(frozen=True)
class Clock:
    """How a file counts time."""

    zero_s: float
    """The first frame is shown at this time of the file, in seconds."""
    tick_s: Fraction
    """Times of frames are whole numbers of this, in seconds."""
    frame_s: float
    """Mean time from one frame to the next; 0.04 where that is not known."""
    sound_s: float | None
    """The sound begins at this time of the file; None where there is no sound."""


def clock_of(path: Path) -> Clock:
    """Read the clock of a video; that of images and folders of frames counts milliseconds from 0."""
    plain = Clock(0.0, MILLISECOND, 0.04, None)
    if path.is_dir():
        return plain
    try:
        with open_container(path) as container:
            if container.format.name.endswith("_pipe"):
                return plain
            stream = video_stream(container)
            sound = container.streams.best("audio")
            sound_s = None
            if sound is not None:
                sound_s = float((sound.start_time or 0) * (sound.time_base or 0))
            first = next(decode_packets(read_packets(container), []), None)
            if first is None or first.pts is None or not stream.time_base:
                return plain
            rate = float(stream.average_rate or 25)
            zero_s = float(first.pts * stream.time_base)
            return Clock(zero_s, Fraction(stream.time_base), 1 / rate, sound_s)
    except UnreadableVideo:
        return plain
