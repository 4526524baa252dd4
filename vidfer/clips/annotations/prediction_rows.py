"""What people have said of a prediction in ELAN or Label Studio, as rows like those of a review."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from vidfer.clips.annotations.elan import read_elan
from vidfer.clips.annotations.interval import Interval
from vidfer.clips.annotations.label_studio_export import read_label_studio
from vidfer.clips.corrected import OK
from vidfer.errors import DataError
from vidfer.tables import Row

ANNOTATIONS = "annotations"
"""The folder of a prediction in which `vidfer predict --elan` writes."""
TASKS = "label_studio.json"
"""In this folder: the tasks for Label Studio, which nobody has looked at."""

TIER = re.compile(r"face (\d+)(?: \(\d+\))?")


def annotated_rows(folder: Path, paths: Mapping[str, str], classes: Sequence[str]) -> list[Row]:
    """The stretches of films of which a person has said something in an annotation program.

    Read are ELAN's files (``.eaf``) and exports of Label Studio (``.json``) in :data:`ANNOTATIONS`.

    Args:
        folder: of the prediction.
        paths: the video of each of its inputs.
        classes: its expressions.

    Returns:
        rows with ``input``, ``face_id``, ``start_s``, ``end_s``, ``path``, ``label`` (what the network said)
        and ``corrected`` (what the person said), in the order of the files and their tiers.

    Raises:
        DataError: a file cannot be read, or is about another film or about nobody.
    """
    rows = []
    for file in sorted((folder / ANNOTATIONS).glob("**/*")):
        if file.suffix.lower() == ".eaf":
            found = read_elan(file)
        elif file.suffix.lower() == ".json" and file.name != TASKS:
            found = read_label_studio(file)
        else:
            continue
        rows += [_row(one, file, paths, classes) for one in found if one.is_checked]
    return rows


def _row(one: Interval, file: Path, paths: Mapping[str, str], classes: Sequence[str]) -> Row:
    if one.media not in paths:
        raise DataError(
            f"{file} is about {one.media}, which this prediction does not have; put the file beside the "
            "tables of its own prediction"
        )
    if (face := TIER.fullmatch(one.tier)) is None:
        raise DataError(
            f"{one.where or file}: the tier '{one.tier}' tells no face; draw it in a tier such as 'face 0', "
            "as the tables call the face"
        )
    said = one.said or ""
    unchanged = one.label == said or (one.label not in classes and one.label == "unsure")
    cells = {
        "input": one.media,
        "face_id": face[1],
        "start_s": f"{one.start_s:.12g}",  # six digits are too few after 17 minutes
        "end_s": f"{one.end_s:.12g}",
        "path": paths[one.media],
        "label": said or ("unsure" if unchanged else ""),
        "corrected": OK if unchanged else one.label,
    }
    return Row(cells, one.where or str(file))
