"""Keeps the state of a prediction in a file: plain data and arrays, never a pickle."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from vidfer.crops.detect.faces import Faces
from vidfer.crops.track.face_cuts import Place
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.crops.track.key_frame import KeyFrame
from vidfer.crops.track.link import Person
from vidfer.files import replace_durably
from vidfer.infer.face_quality import FaceQuality
from vidfer.infer.summary import PersonSums

RECORDS = {
    kind.__name__: kind for kind in (Faces, Place, FaceTrack, KeyFrame, Person, FaceQuality, PersonSums)
}
"""The classes that may stand in a state, by name."""


def write_state(path: Path, state: Any) -> None:
    """Write a state as a whole or not at all.

    Args:
        path: of the file.
        state: dictionaries, lists, tuples, sets, counters, arrays, numbers, texts, None and
            :data:`RECORDS`, within each other.
    """
    arrays: dict[str, np.ndarray] = {}
    plain = json.dumps(_plain(state, arrays))
    temporary = path.with_name(path.name + ".tmp")
    save_file(arrays or {"none": np.zeros(1)}, temporary, {"state": plain})
    replace_durably(temporary, path)


def read_state(path: Path) -> Any:
    """The state that :func:`write_state` wrote; None if there is none, or it cannot be read."""
    if not path.exists():
        return None
    try:
        with safe_open(path, "np") as file:
            plain = json.loads((file.metadata() or {})["state"])
            return _value(plain, file.get_tensor)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None


def _plain(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.ndarray):
        arrays[f"a{len(arrays)}"] = np.ascontiguousarray(value)
        return {"array": f"a{len(arrays) - 1}"}
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    kind = type(value).__name__
    if kind in RECORDS:
        return {kind: [[name, _plain(one, arrays)] for name, one in vars(value).items()]}
    if isinstance(value, dict):
        return {kind: [[_plain(key, arrays), _plain(one, arrays)] for key, one in value.items()]}
    return {kind: [_plain(one, arrays) for one in value]}


def _value(plain: Any, array_of: Any) -> Any:
    if not isinstance(plain, dict):
        return plain
    ((kind, content),) = plain.items()
    if kind == "array":
        return array_of(content)
    items = [_value(one, array_of) if isinstance(one, dict) else one for one in content]
    if kind in RECORDS:
        record = object.__new__(RECORDS[kind])
        record.__dict__.update({name: _value(one, array_of) for name, one in items})
        return record
    if kind in ("dict", "Counter"):
        pairs = {_value(key, array_of): _value(one, array_of) for key, one in items}
        return Counter(pairs) if kind == "Counter" else pairs
    return {"list": list, "tuple": tuple, "set": set}[kind](items)
