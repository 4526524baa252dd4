"""From a folder of videos of people to a facial-expression recogniser, with as few labels as possible."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vidfer.build.build_cache import build_cache
    from vidfer.clips import find_clips
    from vidfer.infer.predictor import Predictor, load
    from vidfer.store.reader import CropCache

__version__ = "0.1.0"

__all__ = ["CropCache", "Predictor", "__version__", "build_cache", "find_clips", "load"]

_PLACES = {
    "CropCache": "vidfer.store.reader",
    "Predictor": "vidfer.infer.predictor",
    "build_cache": "vidfer.build.build_cache",
    "find_clips": "vidfer.clips",
    "load": "vidfer.infer.predictor",
}


def __getattr__(name: str):
    """Import a public name when it is first used, so that ``import vidfer`` stays instant."""
    if name not in _PLACES:
        raise AttributeError(f"module 'vidfer' has no attribute '{name}'")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return __all__
