"""Tiny pictures of actors, written as any kind of file that a data set has."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np

from vidfer.actors.draw import draw_clip
from vidfer.actors.identity import sample_identity
from vidfer.clips.media import is_image, is_video

CODECS = {".avi": "mpeg4", ".mp4": "libx264", ".flv": "flv1"}
SIDE = 96
N_FRAMES = 3


@lru_cache
def frames(side: int = SIDE) -> np.ndarray:
    """One actor's clip: uint8 (3, side, side, 3) RGB."""
    identity = sample_identity(np.random.default_rng(4))
    drawn, _ = draw_clip(
        identity, "happy", setting="studio", seed=4, n_frames=N_FRAMES, fps=25, size=(SIDE, SIDE)
    )
    return np.stack([cv2.resize(frame, (side, side), interpolation=cv2.INTER_AREA) for frame in drawn])


def write_video(path: Path, *, fps: int = 25, n_frames: int = N_FRAMES) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(CODECS[path.suffix], rate=Fraction(fps))
        stream.width = stream.height = SIDE
        stream.pix_fmt = "yuv420p"
        for number in range(n_frames):
            image = av.VideoFrame.from_ndarray(frames()[number % N_FRAMES], format="rgb24")
            container.mux(stream.encode(image))
        container.mux(stream.encode())


@lru_cache
def _video(suffix: str, folder: Path) -> bytes:
    path = folder / f"one{suffix}"
    write_video(path)
    return path.read_bytes()


@lru_cache
def _image(suffix: str) -> bytes:
    return cv2.imencode(suffix, frames()[0][..., ::-1])[1].tobytes()


def write_tree(root: Path, names: tuple[str, ...], scratch: Path) -> Path:
    """Write each name below the root: a video or an image by its suffix; other files stay empty."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if is_video(path):
            path.write_bytes(_video(path.suffix, scratch))
        else:
            path.write_bytes(_image(path.suffix) if is_image(path) else b"")
    return root


def as_pixels(side: int = 48) -> str:
    """A face as FER2013's table writes it."""
    return " ".join(map(str, cv2.cvtColor(frames(side)[0], cv2.COLOR_RGB2GRAY).ravel()))
