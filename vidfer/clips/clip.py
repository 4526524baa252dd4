"""The record that every data set is turned into."""

from __future__ import annotations

from dataclasses import dataclass, replace
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

    def in_plain_text(self) -> Clip:
        """The same clip with its id, label and so on as :func:`plain_text`, which a cache can keep."""
        texts = {name: getattr(self, name) for name in ("id", "label", "subject", "split", "source")}
        plain = {name: text and plain_text(text) for name, text in texts.items()}
        return self if plain == texts else replace(self, **plain)


def plain_text(text: str) -> str:
    r"""A text as UTF-8 of fixed length can hold it: NUL, and bytes of names that are no UTF-8, spelt out.

    >>> print(plain_text("ann\udcff.mp4"))
    ann\udcff.mp4
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", r"\0")
