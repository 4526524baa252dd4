"""Copies the sound of a video into its film, or encodes it again where MP4 does not hold it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import av

from vidfer.crops.decode.packets import open_container

COPIED = frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"})
"""Codecs whose packets an MP4 file holds as they are."""
AAC_RATES = (48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
SEEK_S = 4.0
"""Sound that begins later than this, in seconds, is jumped to."""


class Sound:
    """Gives the sound of a video to a film, piece by piece.

    Args:
        path: the video.
        film: the open MP4 file; a stream is added to it.
        zero_s: the time of the video's file that is time 0 of the film.
        first_s: sound before this time of the film is left out; None keeps all.
        last_s: so is sound after this time.
    """

    def __init__(
        self,
        path: Path,
        film: av.container.OutputContainer,
        *,
        zero_s: float,
        first_s: float | None,
        last_s: float,
    ) -> None:
        self.note = ""
        """What happened to the sound, if it is not as it was."""
        self.film, self.zero_s, self.first_s, self.last_s = film, zero_s, first_s, last_s
        self.container = open_container(path)
        self.source = self.container.streams.best("audio")
        context = self.source.codec_context if self.source else None
        self.is_copied = context is not None and context.name in COPIED
        self.target = self.resampler = None
        if context is None or not context.sample_rate:
            self.note = "its sound is of a kind that is not known here" if self.source else ""
        elif self.is_copied:
            self.target = film.add_stream_from_template(self.source)
        else:
            rate = next((rate for rate in AAC_RATES if rate <= context.sample_rate), AAC_RATES[-1])
            layout = "mono" if context.channels == 1 else "stereo"
            self.target = film.add_stream("aac", rate=rate, layout=layout)
            self.resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate, frame_size=1024)
        self._ahead: av.Packet | None = None
        self._packets = self._read() if self.target is not None else iter(())

    def give_until(self, time_s: float) -> None:
        """Write all sound of the film before this time, in seconds of the film."""
        while True:
            packet = next(self._packets, None) if self._ahead is None else self._ahead
            self._ahead = packet
            if packet is None or float(packet.pts * packet.time_base) >= time_s:
                return
            self.film.mux(packet)
            self._ahead = None

    def close(self) -> None:
        self.container.close()

    def _read(self) -> Iterator[av.Packet]:
        """The packets as they stand in the film."""
        if self.first_s is not None and self.first_s + self.zero_s > SEEK_S:
            with suppress(av.FFmpegError):  # where it cannot jump, it reads what is before and leaves it out
                self.container.seek(int((self.first_s + self.zero_s - 1) * av.time_base))
        try:
            for packet in self.container.demux(self.source):
                if packet.size == 0 or packet.pts is None:
                    continue
                time_s = float(packet.pts * packet.time_base) - self.zero_s
                if self.first_s is not None and time_s < self.first_s - 1e-3:
                    continue
                if time_s >= self.last_s:
                    break
                yield from self._copied(packet) if self.is_copied else self._encoded(packet)
        except (av.FFmpegError, IndexError) as error:
            self.note = f"its sound is damaged and ends early ({getattr(error, 'strerror', None) or error})"
        if self.resampler is not None:
            for frame in self.resampler.resample(None):
                yield from self.target.encode(frame)
            yield from self.target.encode(None)

    def _copied(self, packet: av.Packet) -> Iterator[av.Packet]:
        shift = round(self.zero_s / packet.time_base)
        packet.pts -= shift
        packet.dts = packet.pts
        packet.stream = self.target
        yield packet

    def _encoded(self, packet: av.Packet) -> Iterator[av.Packet]:
        for frame in packet.decode():
            if frame.pts is not None:
                frame.pts -= round(self.zero_s / frame.time_base)
            for piece in self.resampler.resample(frame):
                yield from self.target.encode(piece)
