"""The film of a single picture is a picture: a PNG file, there as a whole or not at all."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from vidfer.files import replace_durably


class PictureFile:
    """Takes one frame, with the same methods as :class:`vidfer.report.film.film_file.FilmFile`.

    Args:
        path: of the PNG file.
    """

    has_sound = False
    note = ""

    def __init__(self, path: Path) -> None:
        self.path, self.temporary = path, path.with_name(f"{path.name}.tmp")
        path.parent.mkdir(parents=True, exist_ok=True)

    def add(self, image: np.ndarray, time_s: float) -> None:
        """Take the frame, uint8 (H, W, 3) RGB."""
        coded = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1]
        self.temporary.write_bytes(coded.tobytes())

    def finish(self) -> None:
        """Give the file its name."""
        replace_durably(self.temporary, self.path)

    def give_up(self) -> None:
        """Leave nothing behind."""
        self.temporary.unlink(missing_ok=True)
