"""Which frames a video shows, and when: read from its packets, without decoding them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np

KEPT_BYTES = 4 * 2**20
"""Packets are kept up to this size. A larger video is read from disk a second time."""

PACKET_BYTES = 600
"""What a packet takes in memory beside its data."""


class UnexpectedFrames(Exception):
    """A video gives other frames than its packets say; a reader that trusts them less has to take over."""


@dataclass(frozen=True)
class PacketTable:
    """What the packets of a video say about its frames."""

    ticks: np.ndarray
    """int64 (n,): the time stamp of each frame, in order of time; no two are equal."""
    packets: list[av.Packet] | None
    """The packets themselves, or None if they are too large to keep."""
    is_complete: bool
    """Whether the table reaches the end of the file."""


def read_packet_table(
    packets: Iterator[av.Packet], *, length: int | None = None, zero: int | None = None
) -> PacketTable:
    """Read packets to the end of the file, or as far as ``length`` says.

    Args:
        length: leave out frames that are shown this many ticks after the first frame, or later.
        zero: the time stamp of the first frame of the file. Give it if the packets start in the middle of the
            file, after a jump. They must then start with a key frame; frames shown before it are left out.

    Raises:
        UnexpectedFrames: the packets do not say which frames come, and when.
    """
    ticks: list[int] = []
    kept: list[av.Packet] | None = []
    n_bytes, is_complete = 0, True
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
                raise UnexpectedFrames("a packet does not say when its frame is shown")
            ticks.append(packet.pts)
            since = ticks[0] if zero is None else zero
            # A frame is never shown before its packet is decoded, so all frames that follow are shown later.
            if length is not None and packet.dts is not None and packet.dts - since >= length:
                is_complete = False
                break
    except av.FFmpegError as error:
        raise UnexpectedFrames(f"a packet cannot be read ({error.strerror})") from None
    shown = np.unique(np.array(ticks, dtype=np.int64))
    if len(shown) == 0 or len(shown) < len(ticks):
        raise UnexpectedFrames("two packets give the same time" if ticks else "there is no packet")
    if zero is not None:
        shown = shown[shown >= ticks[0]]
    if not is_complete:
        shown = shown[shown < (shown[0] if zero is None else zero) + length]
    return PacketTable(shown, kept, is_complete)
