"""The record that every data set is turned into."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Clip:
    """One video of one person, or one image (a clip of one frame).

    ``path`` is a video file, an image file, or a folder of frame images (sorted by name).
    """

    id: str
    """Unique within its source, stable over machines: the path relative to the root, with forward slashes."""
    path: Path
    label: str | None = None
    """Canonical expression name (``angry``, ``happily_surprised``), or None for an unlabelled clip."""
    subject: str | None = None
    """Who is seen; None when the data set does not say."""
    split: str | None = None
    """``train``, ``val``, ``test``, ``unlabelled``, or None when the data set has no official split."""
    start_s: float | None = None
    end_s: float | None = None
    box_hint: tuple[float, float, float, float] | None = None
    """Where the wanted person's head is: x1, y1, x2, y2 in pixels of the decoded frame."""
    whole_face: bool = False
    """The picture is the face, cut out and aligned by the data set: used where no face is found."""
    source: str = "folder"
    """The name of the source in :data:`vidfer.clips.SOURCES` that made this record."""
