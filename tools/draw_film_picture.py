"""Draw one frame of the film of a prediction: docs/images/film.jpg.

    python tools/draw_film_frame.py docs/images/film.jpg

The people are drawn (vidfer.actors), not real. The prediction is made by `vidfer predict --video`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import av
import cv2
import numpy as np

from vidfer.actors.draw import draw_clip
from vidfer.actors.encode import encode
from vidfer.actors.identity import sample_identity

SHOWN = ((11, "happy"), (1, "surprise"), (5, "neutral"))
"""Seed of a person, and what the person acts."""
N_FRAMES = 75
SIZE = (420, 400)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "three.avi"
        encode(three_people(), video, fps=25, crf=16)
        command = [sys.executable, "-m", "vidfer", "predict", str(video), "--video", "--tables-only"]
        subprocess.run([*command, "--out", f"{folder}/out"], check=True)
        (film,) = Path(folder).glob("out/films/*.mp4")
        with av.open(str(film)) as container:
            *_, last = (frame.to_ndarray(format="bgr24") for frame in container.decode(video=0))
    if not cv2.imwrite(str(args.out), last, [cv2.IMWRITE_JPEG_QUALITY, 85]):
        sys.exit(f"cannot write {args.out}")


def three_people() -> np.ndarray:
    """Frames of three actors side by side."""
    clips = [
        draw_clip(
            sample_identity(np.random.default_rng(seed)),
            label,
            setting="studio",
            seed=seed,
            n_frames=N_FRAMES,
            fps=25,
            size=SIZE,
        )[0]
        for seed, label in SHOWN
    ]
    return np.concatenate(clips, axis=2)


if __name__ == "__main__":
    main()
