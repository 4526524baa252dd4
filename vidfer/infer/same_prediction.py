"""Whether a folder holds the prediction that is wanted, and which folder it goes into where none is named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from vidfer.errors import ResultError
from vidfer.files import file_name
from vidfer.infer.prediction_folder import ABOUT, PredictionFolder, read_prediction


def go_on_with(there: PredictionFolder, wanted: PredictionFolder) -> PredictionFolder:
    """The prediction that is there, with the inputs that are new.

    Raises:
        ResultError: it is another one than the one that is wanted: of another model, with other settings, or
            of another file.
    """
    differences = [
        *(f"model {name}" for name in _different(there.model, wanted.model)),
        *(f"setting {name}" for name in _different(there.settings, wanted.settings)),
    ]
    known = {one.name: one.path for one in there.inputs}
    named = {one.name: one.path for one in wanted.inputs}
    if known.items() & named.items() != known.items():
        differences.append("inputs")
    if differences:
        raise ResultError(
            f"{there.folder} holds another prediction ({', '.join(differences)}); choose another --out, or "
            "remove the folder"
        )
    for one in there.inputs:
        now = bytes_of(one.path)
        if one.state == "done" and now and one.n_bytes and now != one.n_bytes:
            raise ResultError(
                f"{one.path} is another file than the one whose prediction is in {there.folder}; choose "
                "another --out, or remove the folder"
            )
    new = [one for one in wanted.inputs if one.name not in known]
    return replace(there, inputs=(*there.inputs, *new))


def own_folder(wanted: PredictionFolder) -> PredictionFolder:
    """The same prediction in a folder that holds no other one: its own, or with ``_2``, ``_3`` … behind it.

    Raises:
        ResultError: the ``predict.json`` of such a folder is damaged, or a later vidfer wrote it.
    """
    one, number = wanted, 1
    while (one.folder / ABOUT).exists():
        there = read_prediction(one.folder)
        try:
            go_on_with(there, one)
            break
        except ResultError:
            number += 1
            one = replace(wanted, folder=wanted.folder.with_name(file_name(wanted.folder.name, f"_{number}")))
    return one


def bytes_of(path: str) -> int:
    """Size of a file, which tells that it is another one now; 0 for a folder, or where nothing is."""
    return Path(path).stat().st_size if Path(path).is_file() else 0


def _different(one: dict, other: dict) -> list[str]:
    """The names of what differs, after a way through JSON, which knows no tuples."""
    one, other = (json.loads(json.dumps(values)) for values in (one, other))
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
