"""By what a data set is known at a glance, for a user who named another one."""

from __future__ import annotations

from collections.abc import Iterable

MARKS = {
    "Train_AFEW": "afew",
    "Val_AFEW": "afew",
    "cohn-kanade-images": "ckplus",
    "VideoFlash": "cremad",
    "EmoLabel_DataSplit": "dfew",
    "fer2013.csv": "fer2013",
    "icml_face_data.csv": "fer2013",
    "list_patition_label.txt": "rafdb",
    "Actor_01": "ravdess",
    "Video_Speech_Actor_01": "ravdess",
    "Video_Song_Actor_01": "ravdess",
    "Train_Aligned_Faces": "sfew",
}
"""Names that no other data set has at its root, and the source that reads it."""


def other_source(names: Iterable[str], looked_for: str) -> str:
    """A remedy to end a message with, where the names in a root are those of a data set not looked for."""
    found = next((name for name in names if name in MARKS and name not in looked_for), None)
    return f". By {found} this is {MARKS[found]}: use --src {MARKS[found]}" if found else ""
