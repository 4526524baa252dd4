"""FFmpeg's libraries through PyAV: opening a file, its packets, and the frames that come out of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import av

from vidfer.crops.decode.unreadable_video import UnreadableVideo


def open_container(path: Path) -> av.container.InputContainer:
    """Open a file with FFmpeg's libraries; only local files, whatever a playlist inside asks for.

    Raises:
        UnreadableVideo: no container format known to FFmpeg, or no video in it.
    """
    options = {"protocol_whitelist": "file"}
    try:
        with path.open("rb") as file:
            head = file.read(12)
        if head.startswith(b"RIFF") and head.endswith(b"AVI "):
            # Its header states the frame rate. FFmpeg would decode twenty frames to guess another one.
            options["fpsprobesize"] = "0"
        # The absolute path, because FFmpeg takes what stands before a colon for a protocol.
        container = av.open(str(path.absolute()), options=options)
    except PermissionError as error:
        raise UnreadableVideo(path, "no permission to read the file") from error
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableVideo(path, f"not a video, or its header is lost ({reason})") from error
    if not container.streams.video:
        sound = ", only sound" if container.streams.audio else ""
        container.close()
        raise UnreadableVideo(path, f"no video stream in the file{sound}")
    context = video_stream(container).codec_context
    if context is None:
        container.close()
        raise UnreadableVideo(path, "its codec is unknown here; convert it to H.264")
    # One thread: which frames a fault takes with it must not depend on timing, and clips fill the cores.
    context.thread_count = 1
    return container


def video_stream(container: av.container.InputContainer) -> av.video.stream.VideoStream:
    """The video that a player shows: not a cover picture, and of several the best."""
    return container.streams.best("video")


def read_packets(container: av.container.InputContainer) -> Iterator[av.Packet]:
    """The packets of the video from where the container stands, and an empty one that marks the end."""
    stream = video_stream(container)
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, IndexError):
            # At the end PyAV looks in vain for a stream, mostly sound, that has appeared on the way.
            return
        if packet.stream.index == stream.index:
            yield packet


def decode_packets(packets: Iterable[av.Packet], faults: list[str]) -> Iterator[av.VideoFrame]:
    """Decoded frames up to the first fault, which is put into ``faults``.

    Damage before the first whole frame is passed over, as by players that join a stream. Frames with a smear,
    which the decoder could patch, are given, as decord and players give them.
    """
    packets = iter(packets)
    lost_start: list[str] = []
    started = False
    while True:
        try:
            frames = next(packets).decode()
        except (StopIteration, av.EOFError):
            if not started:
                faults.extend(lost_start[:1])
            return
        except av.FFmpegError as error:
            if started:
                faults.append(error.strerror)
                return
            lost_start.append(error.strerror)
            continue
        for frame in frames:
            started = started or not frame.is_corrupt
            if started:
                yield frame
