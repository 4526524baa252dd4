"""Small films of drawn actors, as visitors of the app drop them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import av
import numpy as np

from vidfer.actors.draw import draw_clip
from vidfer.actors.encode import encode
from vidfer.actors.identity import sample_identity

SIZE = (200, 200)
FPS = 10


@lru_cache
def actor(seed: int = 4, label: str = "happy", n_frames: int = 12) -> np.ndarray:
    """Frames uint8 (n, 200, 200, 3) of one actor."""
    identity = sample_identity(np.random.default_rng(seed))
    frames, _ = draw_clip(identity, label, setting="studio", seed=seed, n_frames=n_frames, fps=FPS, size=SIZE)
    return frames


def write_film(path: Path, frames: np.ndarray, fps: int = FPS) -> Path:
    """Write frames as a film."""
    path.parent.mkdir(parents=True, exist_ok=True)
    encode(frames, path, fps=fps, crf=16)
    return path


def write_recording(path: Path, frames: np.ndarray) -> Path:
    """Write frames as a browser records a camera: a WebM file whose header does not tell its length."""
    with av.open(str(path), "w", format="webm", options={"live": "1"}) as container:
        stream = container.add_stream("libvpx", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.options = {"deadline": "realtime", "cpu-used": "8"}
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


def write_camera(path: Path, frames: np.ndarray) -> Path:
    """Write frames as Motion JPEG, which Chromium takes for a camera."""
    with av.open(str(path), "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuvj420p"
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


def two_people() -> np.ndarray:
    """Frames of two actors side by side."""
    return np.concatenate([actor(11, "happy"), actor(1, "surprise")], axis=2)


def nobody(n_frames: int = 4) -> np.ndarray:
    """Frames in which nobody is seen."""
    return np.full((n_frames, *SIZE, 3), 120, np.uint8)
