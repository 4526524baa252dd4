"""Draw the moving picture of a prediction: docs/images/film.webp.

    python tools/draw_film_picture.py docs/images/film.webp

The people are drawn (vidfer.actors), not real. The prediction is made by `vidfer predict --video`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import av
import draw_film
import tyro
from PIL import Image
from program import run

from vidfer.errors import SettingError

SIZE = (840, 364)
EVERY = 2
"""Every second frame is shown, for as long as two."""
HOLD_MS = 1500
"""How long the last frame stays."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to draw."""

    out: tyro.conf.Positional[Path]
    """The file to write; it ends in .webp."""


def main(settings: Settings) -> None:
    if settings.out.suffix != ".webp":
        raise SettingError(f"{settings.out}: give a name that ends in .webp")
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "film.mp4"
        draw_film.main(draw_film.Settings(out=video))
        command = [sys.executable, "-m", "vidfer", "predict", str(video), "--video", "--tables-only"]
        subprocess.run([*command, "--out", f"{folder}/out"], check=True)
        (film,) = Path(folder).glob("out/films/*.mp4")
        with av.open(str(film)) as container:
            frames = [frame.to_image() for frame in container.decode(video=0)][::EVERY]
    shown = [frame.resize(SIZE, Image.Resampling.LANCZOS) for frame in frames]
    pauses_ms = [1000 * EVERY // draw_film.FPS] * (len(shown) - 1) + [HOLD_MS]
    shown[0].save(
        settings.out, save_all=True, append_images=shown[1:], duration=pauses_ms, loop=0, quality=50, method=6
    )


if __name__ == "__main__":
    run(main, Settings, __doc__)
