"""Your own clips: one folder per expression, or a pile of unlabelled ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from vidfer.clips.about import About
from vidfer.clips.clip import Clip
from vidfer.clips.labels import canonical_label, is_expression
from vidfer.clips.listing import check_folder, check_part, clip_id, media_under, nothing_found
from vidfer.clips.media import holds_only_frames, is_image, is_video, visible
from vidfer.errors import VidferError

ABOUT = About(
    layout="<label>/**, <split>/<label>/**, or clips without label folders",
    parts="folder:faces says that pictures are cut to the face, which then fills those where none is found",
    labels="folder name",
    size="yours",
    licence="yours",
)

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
    "unlabelled": "unlabelled",
    "unlabeled": "unlabelled",
}
"""Folder names that mean a split, in lower case."""

LOOKED_FOR = "label folders with videos or images, or videos or images"


def folder(root: Path, part: str | None = None) -> list[Clip]:
    """Clips of a folder: ``root/<label>/**``, ``root/<split>/<label>/**`` or a flat folder without labels.

    - A folder directly below the root, or below a split (train, val, test), names the label of all it
      holds, at any depth. Below a folder ``unlabelled`` nothing has a label.
    - If videos or images lie directly in the root and no folder beside them bears the name of a basic
      expression, nothing is labelled, however deep it lies.
    - Every video is a clip. An image that lies directly in a label folder is a clip of one frame. A folder
      below a label folder that holds only images is one clip, and its images, in the order of their
      numbers, are its frames.
    - ``part`` ``faces``: every picture was cut to the face before, so where no face is found it is all face.

    Raises:
        VidferError: nothing there; the root is one level too high or too low; splits and other folders side
            by side.
    """
    check_part("folder", part, ("faces",))
    check_folder(root, LOOKED_FOR)
    folders = [path for path in visible(root) if path.is_dir()]
    splits = {path: SPLITS[path.name.lower()] for path in folders if path.name.lower() in SPLITS}
    official = [path.name for path, split in splits.items() if split != "unlabelled"]
    strays = [path.name for path in folders if path not in splits and any(media_under(path))]
    if official and strays:
        raise VidferError(
            f"{root} holds the split {official[0]}/ and also {strays[0]}/, which is no split; "
            "move it into one of train/, val/, test/, unlabelled/, or out of the root"
        )
    clips = _clips_in(root, root, split=None, leave_out=splits)
    for split_folder, split in splits.items():
        clips += _clips_in(split_folder, root, split=split)
    if not clips:
        raise nothing_found(root, LOOKED_FOR)
    return [replace(clip, whole_face=part == "faces") for clip in clips]


def _clips_in(folder: Path, root: Path, *, split: str | None, leave_out: Collection[Path] = ()) -> list[Clip]:
    """Clips of the root or of one split."""
    entries = [path for path in visible(folder) if path not in leave_out]
    folders = [path for path in entries if path.is_dir()]
    files = [path for path in entries if not path.is_dir() and (is_video(path) or is_image(path))]
    piled = bool(files) and not any(is_expression(path.name) for path in folders)
    if piled and folder == root and is_expression(root.name):
        raise VidferError(
            f"{root} looks like one label folder; give the folder above it, {root.absolute().parent}"
        )
    found: list[tuple[Path, str | None]] = [(path, None) for path in files]
    for entry in folders:
        if piled or split == "unlabelled":
            below = [entry] if holds_only_frames(entry) else media_under(entry)
            found += [(path, None) for path in below]
        else:
            _check_label_folder(entry)
            found += [(path, canonical_label(entry.name)) for path in media_under(entry)]
    return [Clip(id=clip_id(path, root), path=path, label=label, split=split) for path, label in found]


def _check_label_folder(folder: Path) -> None:
    inner = [p.name for p in visible(folder) if p.is_dir() and (is_expression(p.name) or p.name in SPLITS)]
    if inner and not is_expression(folder.name):
        raise VidferError(
            f"{folder} is no label folder, because it holds {inner[0]}/; if the root is one level too high, "
            f"give {folder}; to join several data sets, write a table (--src table)"
        )
