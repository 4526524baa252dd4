"""Corrections that people have made in ELAN or Label Studio."""

from __future__ import annotations

from pathlib import Path

from vidfer.clips.annotations.elan import read_elan
from vidfer.clips.annotations.label_studio_export import read_label_studio
from vidfer.errors import DataError
from vidfer.learn.match_intervals import Span, match_intervals
from vidfer.learn.pseudo_labels import PseudoLabels
from vidfer.tables import Row

READERS = {".eaf": read_elan, ".json": read_label_studio}
"""Endings of files of annotation programs -> their readers. Any other file is a table."""


def is_annotated(path: Path) -> bool:
    """Whether a file is of an annotation program, not a table.

    Raises:
        DataError: it is a TextGrid, which does not keep who has said what.
    """
    if path.suffix.lower() == ".textgrid":
        raise DataError(
            f"{path}: a TextGrid does not tell what people have changed; correct the labels in ELAN, in "
            f"Label Studio, or with `vidfer review`"
        )
    return path.suffix.lower() in READERS


def read_annotated(path: Path, labels: PseudoLabels) -> list[Row]:
    """The clips that people have checked in a file of an annotation program, as rows of a table.

    Args:
        path: an ``.eaf`` of ELAN, or the ``.json`` that Label Studio exports.
        labels: of the clips that may be corrected, with their videos.

    Returns:
        rows with ``clip``, ``corrected``, and ``label`` (the teacher's).

    Raises:
        DataError: the file cannot be read, or it is not clear which clip an interval means.
    """
    if not labels.media:
        raise DataError(f"{path}: it is not known in which videos the clips are; give corrections as a table")
    spans = [
        Span(clip=clip, video=video, start_s=start_s, end_s=end_s)
        for clip, (video, start_s, end_s) in zip(labels.clip_ids, labels.media, strict=True)
    ]
    found = match_intervals(path, READERS[path.suffix.lower()](path), spans)
    teachers = dict(zip(labels.clip_ids, (labels.classes[i] for i in labels.labels)))
    return [
        Row({"clip": one.clip, "corrected": one.label, "label": teachers[one.clip]}, one.where)
        for one in found
    ]
