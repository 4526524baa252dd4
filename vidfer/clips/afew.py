"""AFEW 8.0: acted facial expressions in the wild (Dhall et al. 2012; EmotiW challenges)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from vidfer.clips.about import About
from vidfer.clips.clip import Clip
from vidfer.clips.labels import canonical_label, is_expression
from vidfer.clips.listing import check_folder, check_part, clip_id, media_under, name_subjects, nothing_found
from vidfer.clips.media import holds_only_frames, is_image, is_video, visible
from vidfer.errors import VidferError

ABOUT = About(
    layout="Train_AFEW|Train/<Label>/*.avi, Val_AFEW|Val/<Label>/, Test_AFEW|Test, Unlabelled_AFEW",
    labels="folder name; Test may have none",
    size="773 + 383 + 653 clips of 0.3 to 5.4 s, 720x576 at 25 fps",
    licence="on request from the EmotiW organisers, research only, not to be passed on",
    parts="afew:aligned takes the official aligned faces of the same clips",
)

SPLITS = {
    "train_afew": "train",
    "train": "train",
    "val_afew": "val",
    "val": "val",
    "test_afew": "test",
    "test": "test",
    "unlabelled_afew": "unlabelled",
    "unlabelled": "unlabelled",
}

LOOKED_FOR = "Train_AFEW/, Val_AFEW/ and Test_AFEW/ (or Train/, Val/, Test/)"

ALIGNED = "alignedfaces"
"""So begins the folder, inside a split, of the official aligned faces (``AlignedFaces_LBPTOP_Points``)."""


def afew(root: Path, part: str | None = None) -> list[Clip]:
    """Clips of AFEW, or of any data set in its layout.

    Below each split folder lie label folders with videos, or the videos themselves (test, unlabelled). A
    folder of JPEGs per clip, named by the clip's number, counts as a clip too. Labels beyond the basic
    seven are taken as they are named. If a file ``subjects.csv`` (``id,subject``) lies at the root, it names
    the subjects; AFEW itself does not say who is seen.

    The official aligned faces (``Train_AFEW/AlignedFaces_LBPTOP_Points/Faces/000046280/000.jpg``) show the
    same clips as the videos beside them, so that they are left out. With ``part`` ``aligned`` each video
    is replaced by them; where a video has none, because no face was found, the clip stays and cannot be read.

    Raises:
        VidferError: no split folder at the root, or one without clips.
    """
    check_part("afew", part, ("aligned",))
    check_folder(root, LOOKED_FOR)
    folders: dict[str, Path] = {}
    for folder in visible(root):
        split = SPLITS.get(folder.name.lower())
        if split is None or not folder.is_dir():
            continue
        if split in folders:
            raise VidferError(
                f"{root} holds both {folders[split].name}/ and {folder.name}/ for the split '{split}'; "
                "move one of them away"
            )
        folders[split] = folder
    if not folders:
        raise _wrong_level(root)
    clips = []
    for split, folder in folders.items():
        found = list(_labelled(folder, split))
        if not found:
            raise nothing_found(folder, "label folders with videos, or videos")
        if part == "aligned" and split != "unlabelled":
            faces = _aligned_faces(folder)
            found = [(faces / path.stem, label) for path, label in found]
        clips += [
            Clip(
                id=clip_id(path, root),
                path=path,
                label=label,
                split=split,
                whole_face=part == "aligned",
                source="afew",
            )
            for path, label in found
        ]
    subjects = root / "subjects.csv"
    return name_subjects(clips, subjects) if subjects.is_file() else clips


def _labelled(folder: Path, split: str) -> Iterator[tuple[Path, str | None]]:
    """Each clip of a split with its label."""
    for entry in visible(folder):
        if entry.name.lower().startswith(ALIGNED):
            continue
        if not entry.is_dir():
            if is_video(entry) or is_image(entry):
                yield entry, None
        elif split == "unlabelled":
            yield from (
                (path, None) for path in ([entry] if holds_only_frames(entry) else media_under(entry))
            )
        elif re.match(r"\d", entry.name) and holds_only_frames(entry):
            yield entry, None  # aligned frames of a clip without a label, named by the clip's number
        else:
            yield from ((path, canonical_label(entry.name)) for path in media_under(entry))


def _aligned_faces(folder: Path) -> Path:
    """Where the aligned faces of a split lie, a folder per clip."""
    for entry in visible(folder):
        if entry.is_dir() and entry.name.lower().startswith(ALIGNED):
            inner = entry / entry.name  # as some tools unpack a zip, into a folder of its name
            faces = (inner if inner.is_dir() else entry) / "Faces"
            if faces.is_dir():
                return faces
    raise VidferError(
        f"{folder} has no AlignedFaces_LBPTOP_Points/Faces/; unpack the aligned faces there, "
        "or use --src afew"
    )


def _wrong_level(root: Path) -> VidferError:
    """The error for a root without split folders, with the right root where it can be guessed."""
    if root.name.lower() in SPLITS or any(is_expression(path.name) for path in visible(root)):
        return VidferError(
            f"{root} looks like one split; give the folder above it, {root.absolute().parent}, "
            f"which must hold {LOOKED_FOR}; label folders without splits are read by --src folder"
        )
    for folder in visible(root):
        if folder.is_dir() and any(path.is_dir() and path.name.lower() in SPLITS for path in visible(folder)):
            return VidferError(f"{root} is one level too high; give {folder}, which holds the split folders")
    return nothing_found(root, LOOKED_FOR)
