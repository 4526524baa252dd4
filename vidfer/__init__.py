"""From a folder of videos of people to a facial-expression recogniser, with as few labels as possible.

>>> import vidfer
>>> predictor = vidfer.load()  # the network in the box, or your own
>>> for moment in predictor.stream("film.mp4"):
...     print(moment.time_s, moment.face_id, moment.label)

``predictor.predict`` gives all moments of films at once and tables for pandas; ``stream_frames`` takes NumPy
frames, ``predict_faces`` faces that are cut already, ``predict_clips`` a crop cache. ``with_support`` learns
expressions of your own. What goes wrong is a ``vidfer.errors.VidferError``. docs/python.md has an example of
each.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "Answers",
    "CropCache",
    "FilmSettings",
    "Moment",
    "Prediction",
    "Predictor",
    "WindowSettings",
    "__version__",
    "build_cache",
    "errors",
    "find_clips",
    "load",
]

if TYPE_CHECKING:
    from vidfer import errors
    from vidfer.build.build_cache import build_cache
    from vidfer.clips import find_clips
    from vidfer.infer.answers import Answers, Prediction
    from vidfer.infer.moment import Moment
    from vidfer.infer.predictor import Predictor, load
    from vidfer.infer.settings import FilmSettings, WindowSettings
    from vidfer.store.reader import CropCache
else:  # so that a type checker knows which names there are
    _PLACES = {
        "Answers": "vidfer.infer.answers",
        "CropCache": "vidfer.store.reader",
        "FilmSettings": "vidfer.infer.settings",
        "Moment": "vidfer.infer.moment",
        "Prediction": "vidfer.infer.answers",
        "Predictor": "vidfer.infer.predictor",
        "WindowSettings": "vidfer.infer.settings",
        "build_cache": "vidfer.build.build_cache",
        "find_clips": "vidfer.clips",
        "load": "vidfer.infer.predictor",
    }

    def __getattr__(name: str):
        """Import a public name when it is first used, so that ``import vidfer`` stays instant."""
        if name == "errors":
            return importlib.import_module("vidfer.errors")
        if name not in _PLACES:
            raise AttributeError(f"module 'vidfer' has no attribute '{name}'")
        return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return __all__
