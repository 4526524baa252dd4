"""Short videos of a drawn actor, with sound, at any times."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import numpy as np

from vidfer.actors.draw import ClipTruth, draw_clip
from vidfer.actors.identity import sample_identity
from vidfer.infer.moment import Moment

N_FRAMES = 30
RATE = 16000
"""Samples of sound per second."""
TONE_HZ = 440.0
"""Its period is 2.3 ms."""


@lru_cache
def actor(width: int = 240, height: int = 180, n_frames: int = N_FRAMES) -> tuple[np.ndarray, ClipTruth]:
    """Frames uint8 (n, height, width, 3) of an actor in a studio, and where the face is."""
    identity = sample_identity(np.random.default_rng(4))
    return draw_clip(
        identity, "happy", setting="studio", seed=4, n_frames=n_frames, fps=25, size=(width, height)
    )


def write_actor(
    path: Path,
    *,
    ticks: Sequence[int] | None = None,
    tick_s: Fraction = Fraction(1, 25),
    sound: str | None = "aac",
    sound_from_s: float = 0.0,
    size: tuple[int, int] = (240, 180),
    codec: str = "libx264",
    pixels: str = "yuv420p",
    options: dict | None = None,
) -> np.ndarray:
    """Write a video of an actor with a tone that grows louder; returns its frames.

    Args:
        ticks: when each frame is shown, in units of ``tick_s``.
        sound: codec of the sound.
        sound_from_s: when it begins; it ends with the last frame.
    """
    frames, _ = actor(*size)
    ticks = range(len(frames)) if ticks is None else ticks
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.codec_context.time_base = tick_s
        stream.options = {"crf": "12", **(options or {})}
        audio = container.add_stream(sound, rate=RATE, layout="mono") if sound else None
        for image, tick in zip(frames, ticks):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = tick, tick_s
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio is not None:
            _add_tone(container, audio, sound_from_s, float((ticks[-1] + 1) * tick_s))
    return frames


def _add_tone(container, audio, from_s: float, to_s: float) -> None:
    times = np.arange(round(from_s * RATE), round(to_s * RATE)) / RATE
    tone = (8000 * (times / times[-1]) * np.sin(2 * np.pi * TONE_HZ * times)).astype(np.int16)
    form = audio.codec_context.format.name
    resampler = av.AudioResampler(format=form, layout="mono", rate=RATE, frame_size=1024)
    frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
    frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), round(from_s * RATE)
    for pieces in (resampler.resample(frame), resampler.resample(None)):
        for piece in pieces:
            container.mux(audio.encode(piece))
    container.mux(audio.encode(None))


def moments_of(
    name: str, times_s: Sequence[float], truth: ClipTruth, *, positions: Sequence[int] | None = None
) -> list[list[Moment]]:
    """What a prediction with the true boxes says of a video."""
    from made_up_predictions import moment

    labels = ("happy", "neutral")
    return [
        [moment(name, i + 1, times_s[p], 0, labels[i // 8 % 2], box=truth.box_xyxy[p])]
        for i, p in enumerate(range(len(times_s)) if positions is None else positions)
    ]


def packets_of(path: Path, kind: str) -> list[tuple[float, bytes]]:
    """Time in seconds and content of each packet of the video or of the sound."""
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)
        if not stream:
            return []
        return [(float(p.pts * p.time_base), bytes(p)) for p in container.demux(stream[0]) if p.size]
