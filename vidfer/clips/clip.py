"""The record that every data set is turned into."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Clip:
    """One video of one person, or one image (a clip of one frame).

    ``path`` is a video, an image, or a folder of images. These are the frames, in the order of the numbers in
    their names.
    """

    id: str
    """Unique within its source, stable over machines: the path relative to the root, with forward slashes."""
    path: Path
    label: str | None = None
    """Canonical expression name (``angry``, ``happily_surprised``), or None for an unlabelled clip."""
    subject: str | None = None
    """Who is seen; None where the data set does not say."""
    split: str | None = None
    """``train``, ``val``, ``test``, ``unlabelled``, or None where the data set has no official split."""
    start_s: float | None = None
    """Where the clip starts in the video, in seconds; None: at its start."""
    end_s: float | None = None
    """Where the clip ends in the video, in seconds; None: at its end."""
    box_hint: tuple[float, float, float, float] | None = None
    """Where the head of the right person is: x1, y1, x2, y2 in pixels of the decoded frame."""
    whole_face: bool = False
    """The data set cut the picture to the face. Where no face is found in it, the whole picture is taken."""
    source: str = "folder"
    """What made this record: a name in :data:`vidfer.clips.SOURCES`, or the user's own function."""

    def in_plain_text(self) -> Clip:
        """The same clip, with all its texts as :func:`plain_text`."""
        texts = {name: getattr(self, name) for name in ("id", "label", "subject", "split", "source")}
        plain = {name: text and plain_text(text) for name, text in texts.items()}
        return self if plain == texts else replace(self, **plain)


def clip_id(path: Path, root: Path) -> str:
    """The id of a clip that is a file or folder below the root: its relative path, with forward slashes."""
    return path.relative_to(root).as_posix()


def plain_text(text: str) -> str:
    r"""A text that a cache can keep as UTF-8. NUL, and bytes in file names that are no UTF-8, are spelt out.

    >>> print(plain_text("ann\udcff.mp4"))
    ann\udcff.mp4
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", r"\0")
