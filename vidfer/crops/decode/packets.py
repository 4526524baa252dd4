"""FFmpeg's libraries through PyAV: opens a file, reads its packets, decodes them to frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import av

from vidfer.crops.decode.unreadable_video import UnreadableVideo


def open_container(path: Path) -> av.container.InputContainer:
    """Open a file with FFmpeg's libraries. Only local files are read, also if a playlist names others.

    Raises:
        UnreadableVideo: FFmpeg does not know the format, or there is no video in the file.
    """
    options = {"protocol_whitelist": "file"}
    try:
        with path.open("rb") as file:
            head = file.read(12)
        if head.startswith(b"RIFF") and head.endswith(b"AVI "):
            # The header states the frame rate; FFmpeg would decode twenty frames to guess another one.
            options["fpsprobesize"] = "0"
        # The absolute path: FFmpeg takes the text before a colon for a protocol.
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
    # One thread: clips fill the cores, and the frames that a fault destroys must not depend on timing.
    context.thread_count = 1
    return container


def video_stream(container: av.container.InputContainer) -> av.video.stream.VideoStream:
    """The video stream that a player shows: the best one, and not a cover picture."""
    return container.streams.best("video")


def read_packets(container: av.container.InputContainer) -> Iterator[av.Packet]:
    """The packets of the video from the present position, and an empty packet that marks the end."""
    stream = video_stream(container)
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, IndexError):
            # PyAV fails at the end if a stream, mostly sound, has appeared in the middle of the file.
            return
        if packet.stream.index == stream.index:
            yield packet


def decode_packets(packets: Iterable[av.Packet], faults: list[str]) -> Iterator[av.VideoFrame]:
    """Decode packets up to the first fault, whose text is added to ``faults``.

    Damage before the first whole frame is skipped, as players do that join a stream late. Frames that the
    decoder could repair, with smears, are given, as players and decord give them.
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
