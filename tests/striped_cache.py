"""A small crop cache in which the class of a clip can be seen, for tests of learning and of recipes."""

from pathlib import Path

import numpy as np
from crop_caches import store_clips

from vidfer.clips.clip import Clip
from vidfer.crops import REGIONS, STATUS
from vidfer.store.reader import CropCache

CLASSES = ("angry", "happy", "sad")


def draw_crops(number: int, frames: int, size_px: int, rng: np.random.Generator) -> np.ndarray:
    """(frames, R, S, S, 3): stripes whose direction is the class, in a random colour, with grain."""
    y, x = np.mgrid[:size_px, :size_px] / size_px
    along = (x, y, x + y)[number]
    colour = rng.uniform(60, 160, 3)
    phase = rng.uniform(0, 2 * np.pi, (frames, len(REGIONS), 1, 1))
    stripes = np.sin(2 * np.pi * 3 * along + phase)[..., None] * 50 + colour
    return np.clip(stripes + rng.normal(0, 8, (*stripes.shape[:-1], 3)), 0, 255).astype(np.uint8)


def write_striped_cache(
    path: Path,
    per_class: dict[str, int],
    *,
    size_px: int = 32,
    frames: int = 3,
    faceless: int = 0,
    codec: str = "raw",
) -> CropCache:
    """A cache with ``per_class[split]`` clips per class; the first ``faceless`` unlabelled ones are black.

    The clip's id names its class also where the label is not told.
    """
    rng = np.random.default_rng(0)
    made = []
    for split, count in per_class.items():
        for number, name in enumerate(CLASSES):
            for i in range(count):
                clip = Clip(
                    id=f"{split}/{name}{i:03d}",
                    path=path.parent / split / f"{name}{i:03d}",
                    label=None if split == "unlabelled" else name,
                    subject=f"{split}{i}",
                    split=split,
                )
                missing = split == "unlabelled" and i < faceless
                status = np.full(frames, STATUS.index("missing" if missing else "detected"), np.uint8)
                crops = draw_crops(number, frames, size_px, rng) * np.uint8(not missing)
                made.append((clip, status, crops))
    return store_clips(path, made, size_px=size_px, codec=codec)
