"""Draw the moving picture of a prediction: docs/images/film.webp.

    python tools/draw_film_picture.py docs/images/film.webp

The people are drawn (vidfer.actors), not real. The prediction is made by `vidfer predict --video`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import av
import draw_film
from PIL import Image

SIZE = (840, 364)
EVERY = 2
"""Every second frame is shown, for as long as two."""
HOLD_MS = 1500
"""How long the last frame stays."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    if args.out.suffix != ".webp":
        sys.exit(f"{args.out}: give a name that ends in .webp")
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "film.mp4"
        draw_film.main(video)
        command = [sys.executable, "-m", "vidfer", "predict", str(video), "--video", "--tables-only"]
        subprocess.run([*command, "--out", f"{folder}/out"], check=True)
        (film,) = Path(folder).glob("out/films/*.mp4")
        with av.open(str(film)) as container:
            frames = [frame.to_image() for frame in container.decode(video=0)][::EVERY]
    shown = [frame.resize(SIZE, Image.Resampling.LANCZOS) for frame in frames]
    pauses_ms = [1000 * EVERY // draw_film.FPS] * (len(shown) - 1) + [HOLD_MS]
    shown[0].save(
        args.out, save_all=True, append_images=shown[1:], duration=pauses_ms, loop=0, quality=50, method=6
    )


if __name__ == "__main__":
    main()
