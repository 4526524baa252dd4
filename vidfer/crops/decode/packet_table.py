"""Which frames a video will show, and when, from its packets, without decoding them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np

KEPT_BYTES = 4 * 2**20
"""Packets up to this are kept; of a larger video the file is read a second time."""

PACKET_BYTES = 600
"""What a packet takes beside its data."""


class WrongPlan(Exception):
    """The frames that come are not those that were announced."""


@dataclass(frozen=True)
class Plan:
    """What the packets announce."""

    ticks: np.ndarray
    """int64 (n,): time stamps of the frames in order of time, no two alike."""
    packets: list[av.Packet] | None
    """The packets that were read, or None if they are too large to keep."""
    whole: bool
    """Whether these are all that are left in the file."""


def plan_frames(packets: Iterator[av.Packet], *, length: int | None = None, zero: int | None = None) -> Plan:
    """Read packets, to the end of the file or as far as is asked for.

    Args:
        length: leave out what is shown so many ticks after the first frame, or later.
        zero: time stamp of the file's first frame, where the packets do not start there, but after a jump.
            They must then start with a key frame; what is shown before that is left out.

    Raises:
        WrongPlan: the packets do not tell.
    """
    ticks: list[int] = []
    kept: list[av.Packet] | None = []
    n_bytes, whole = 0, True
    try:
        for packet in packets:
            n_bytes += packet.size + PACKET_BYTES
            if kept is not None:
                kept.append(packet)
                if n_bytes > KEPT_BYTES:
                    kept = None
            # The last packet is empty and makes the decoder give what it holds. An edit list hides frames.
            if packet.size == 0 or packet.is_discard:
                continue
            if packet.pts is None or (zero is not None and not ticks and not packet.is_keyframe):
                raise WrongPlan
            ticks.append(packet.pts)
            since = ticks[0] if zero is None else zero
            # No frame is shown before its packet is decoded, so all that follow are shown later.
            if length is not None and packet.dts is not None and packet.dts - since >= length:
                whole = False
                break
    except av.FFmpegError:
        raise WrongPlan from None
    shown = np.unique(np.array(ticks, dtype=np.int64))
    if len(shown) == 0 or len(shown) < len(ticks):
        raise WrongPlan
    if zero is not None:
        shown = shown[shown >= ticks[0]]
    if not whole:
        shown = shown[shown < (shown[0] if zero is None else zero) + length]
    return Plan(shown, kept, whole)
