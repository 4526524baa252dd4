"""What a network gives for faces of many people, so that one example says in what it differs from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from vidfer.included import ZOO

FOLDER = ZOO / "typical_faces"
"""A file for each network; tools/typical_faces.py writes them."""

FORMAT = "vidfer-typical-faces 1"


@dataclass(frozen=True)
class TypicalFaces:
    """A feature of length C, over neutral faces of many people."""

    mean: np.ndarray
    """(C,) float64 of neutral faces."""
    spread: np.ndarray
    """(C,) float64: standard deviation within an expression, over people."""
    directions: np.ndarray
    """(r, C) float64: the main directions in which neutral faces differ, as long as the standard deviation
    along them."""

    def draw(self, n: int, seed: int = 0) -> np.ndarray:
        """n made-up neutral faces (n, C), normally distributed as real ones; the same for the same seed."""
        rng = np.random.default_rng(seed)
        explained = np.square(self.directions).sum(0)
        rest = np.sqrt(np.maximum(np.square(self.spread) - explained, 0))
        along = rng.standard_normal((n, len(self.directions))) @ self.directions
        return self.mean + along + rng.standard_normal((n, len(rest))) * rest


@cache
def typical_faces(name: str, network_hash: str) -> Mapping[str, TypicalFaces]:
    """What is known of a network: name of the feature -> its typical faces; empty for another network.

    Args:
        name: of the network.
        network_hash: what its vectors depend on; a file about other weights is not used.
    """
    path = FOLDER / f"{Path(name).name}.safetensors"
    if not path.is_file():
        return {}
    try:
        with safe_open(path, "np") as file:
            about = file.metadata() or {}
            if about.get("format") != FORMAT or network_hash not in json.loads(about.get("networks", "[]")):
                return {}
            tensors = {key: file.get_tensor(key).astype(np.float64) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError):
        return {}
    names = sorted({key.partition(".")[0] for key in tensors})
    parts = ("mean", "spread", "directions")
    return {name: TypicalFaces(*(tensors[f"{name}.{part}"] for part in parts)) for name in names}
