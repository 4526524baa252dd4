"""Whether a folder holds the prediction that is wanted, and which folder it goes into where none is named."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from vidfer.errors import ResultError
from vidfer.files import file_name
from vidfer.infer.prediction_folder import ABOUT, PredictedInput, PredictionFolder, read_prediction

IN_WORDS = ("threshold_says",)
"""What only says in words what other facts of a model are; its wording may change from version to version."""


def go_on_with(there: PredictionFolder, wanted: PredictionFolder) -> PredictionFolder:
    """The prediction that is there, with the inputs that are new.

    An input keeps the name that it has there. One that could not be read and is not named any more is left
    out, because it has no rows: such as a folder that was closed, whose films are named now.

    Raises:
        ResultError: it is another one than the one that is wanted: of another model, with other settings, or
            of another file.
    """
    if why := why_another(there, wanted):
        raise ResultError(f"{why}; choose another --out, or remove the folder")
    kept, new, _ = _compare(there, wanted)
    return replace(there, inputs=(*kept, *new))


def why_another(there: PredictionFolder, wanted: PredictionFolder) -> str:
    """What makes the prediction that is there another one than the one that is wanted; empty if nothing."""
    differences = [
        *(f"model {name}" for name in _different(there.model, wanted.model) if name not in IN_WORDS),
        *(f"setting {name}" for name in _different(there.settings, wanted.settings)),
    ]
    if differences:
        return f"{there.folder} holds another prediction ({', '.join(differences)})"
    kept, new, unnamed = _compare(there, wanted)
    if unnamed:
        path = unnamed[0].path
        return f"{there.folder} also holds a prediction of {path}, which is not among the inputs now"
    for one in kept:
        now = bytes_of(one.path)
        if one.state == "done" and now and one.n_bytes and now != one.n_bytes:
            cut = " (not read to its end: maybe it was still being copied)" if one.reason else ""
            return f"{one.path} is another file than the one whose prediction is in {there.folder}{cut}"
    taken = {one.name: one.path for one in kept}
    twice = next((one for one in new if one.name in taken), None)
    if twice is not None:
        return f"{twice.path} and {taken[twice.name]} would have one name in {there.folder}"
    return ""


def _compare(there: PredictionFolder, wanted: PredictionFolder) -> tuple[list[PredictedInput], ...]:
    """The inputs to keep, those that are new, and those to keep that are not named any more."""
    named = {real_path(one.path): one for one in wanted.inputs}
    known = [(real_path(one.path), one) for one in there.inputs]
    kept = [one for path, one in known if one.state != "failed" or path in named]
    unnamed = [one for path, one in known if one.state != "failed" and path not in named]
    new = named.keys() - {path for path, _ in known}
    return kept, [one for path, one in named.items() if path in new], unnamed


def own_folder(wanted: PredictionFolder) -> tuple[PredictionFolder, str]:
    """The same prediction in a folder that holds no other one: its own, or with ``_2``, ``_3`` … behind it.

    Returns:
        it, and :func:`why_another` of its own folder.

    Raises:
        ResultError: the ``predict.json`` of such a folder is damaged, or a later vidfer wrote it.
    """
    one, number, first = wanted, 1, ""
    while (one.folder / ABOUT).exists() and (why := why_another(read_prediction(one.folder), one)):
        first = first or why
        number += 1
        one = replace(wanted, folder=wanted.folder.with_name(file_name(wanted.folder.name, f"_{number}")))
    return one, first


def bytes_of(path: Path | str) -> int:
    """Size of a file, which tells that it is another one now; 0 for a folder, or where nothing is."""
    return os.path.getsize(path) if os.path.isfile(path) else 0  # noqa: PTH113, PTH202  # never an error


def real_path(path: Path | str) -> str:
    """The path by which one file is known, whatever folder it was named from, and through whatever links."""
    return os.path.realpath(path)


def _different(one: dict, other: dict) -> list[str]:
    """The names of what differs, after a way through JSON, which knows no tuples."""
    one, other = (json.loads(json.dumps(values)) for values in (one, other))
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
