"""An MP4 file that is written frame by frame, with sound, and is there as a whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from vidfer.errors import MissingPackageError, is_disk_full
from vidfer.files import replace_durably
from vidfer.report.film.clock import Clock
from vidfer.report.film.sound import Sound

BT709 = 1
"""The number of ITU-R BT.709 in tables of colour (ISO/IEC 23091-2): for primaries, transfer and matrix."""
X264 = {"preset": "ultrafast", "crf": "24", "x264-params": "cabac=1:deblock=0,0"}
"""Hardly to be told from the original (``tools/bench_film.py``). The slower presets look further for the same
picture in fewer bytes, and took three quarters of the time of a film."""

WAIT_S = 0.1
"""The picture waits for sound that begins earlier than this, in seconds; the start of a codec is shorter."""


@dataclass(frozen=True)
class FilmPart:
    """The part of a video that its film shows."""

    first_s: float
    """Time of its first frame, in seconds since the first frame of the video."""
    last_s: float
    """Time of its last frame."""
    is_whole: bool
    """Whether it begins with the first frame of the video."""


class FilmFile:
    """Writes H.264 in yuv420p, at the times of the video.

    Args:
        path: of the film; it gets this name when it is complete.
        size: width and height of its frames in pixels, both even.
        video: whose times and sound it has.
        clock: how that file counts time.
        part: what the film shows of it.
    """

    def __init__(self, path: Path, size: tuple[int, int], video: Path, clock: Clock, part: FilmPart) -> None:
        if "libx264" not in av.codecs_available:
            raise MissingPackageError(
                "the package av was built without an H.264 encoder (libx264); install its wheel with "
                "`pip install --force-reinstall --only-binary :all: av`"
            )
        self.path, self.temporary, self.clock = path, path.with_name(f"{path.name}.tmp"), clock
        tick_s = clock.tick_s
        # Sound may begin before the picture. In a film of the whole video it stays, and the picture waits.
        lead_s = (
            max(0.0, clock.zero_s - clock.sound_s) if part.is_whole and clock.sound_s is not None else 0.0
        )
        self.first_tick = round(part.first_s / tick_s) - (round(lead_s / tick_s) if lead_s > 0.1 else 0)
        self.last_tick = -1
        self.note = ""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.container = av.open(
            str(self.temporary.absolute()), "w", format="mp4", options={"movflags": "+faststart"}
        )
        try:
            self.stream = self.container.add_stream("libx264", rate=max(1, round(1 / clock.frame_s)))
            context = self.stream.codec_context
            context.width, context.height = size
            context.pix_fmt = "yuv420p"
            context.time_base = tick_s
            context.color_primaries = context.color_trc = context.colorspace = BT709
            self.stream.options = X264
            begin_s = float(self.first_tick * tick_s)
            self.length_s = part.last_s + clock.frame_s - begin_s
            self.sound = None
            if clock.sound_s is not None:
                self.sound = Sound(
                    video,
                    self.container,
                    zero_s=clock.zero_s + begin_s,
                    first_s=None if part.is_whole else 0.0,
                    last_s=self.length_s,
                )
        except BaseException:
            self.container.close()
            self.temporary.unlink(missing_ok=True)
            raise
        self._reformatter = VideoReformatter()

    @property
    def has_sound(self) -> bool:
        return self.sound is not None and self.sound.target is not None

    def add(self, image: np.ndarray, time_s: float) -> None:
        """Add a frame, uint8 (H, W, 3) RGB, that is shown ``time_s`` after the video's first frame."""
        frame = self._reformatter.reformat(
            av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(image), format="rgb24"),
            format="yuv420p",
            dst_colorspace="ITU709",
            dst_color_range="MPEG",
            dst_color_trc=BT709,
            dst_color_primaries=BT709,
            threads=1,  # several would wait for each other longer than they save
        )
        tick = max(self.last_tick + 1, round(time_s / self.clock.tick_s) - self.first_tick)
        frame.pts, frame.time_base, self.last_tick = tick, self.clock.tick_s, tick
        frame.duration = max(1, round(self.clock.frame_s / self.clock.tick_s))
        self._mux(self.stream.encode(frame))
        if self.sound is not None:
            self.sound.give_until(float(tick * self.clock.tick_s))

    def finish(self) -> None:
        """Write what is left, and give the file its name."""
        self._mux(self.stream.encode(None))
        if self.sound is not None:
            self.sound.give_until(self.length_s)
            self.sound.close()
            self.note = self.sound.note
        self.container.close()
        replace_durably(self.temporary, self.path)

    def give_up(self) -> None:
        """Leave nothing behind."""
        if self.sound is not None:
            self.sound.close()
        try:
            self.container.close()
        except Exception as other:
            # The disk that is full is full once more.
            if not is_disk_full(other) and not isinstance(other, (av.FFmpegError, OSError)):
                raise
        finally:
            self.temporary.unlink(missing_ok=True)

    def _mux(self, packets: list[av.Packet]) -> None:
        for packet in packets:
            self.container.mux(packet)
