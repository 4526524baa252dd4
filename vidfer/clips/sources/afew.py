"""AFEW 8.0: acted facial expressions in the wild (Dhall et al. 2012; EmotiW challenges)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from vidfer.clips.clip import Clip, clip_id
from vidfer.clips.labels import canonical_label, is_expression
from vidfer.clips.media import find_media, is_frame_folder, is_image, is_video, list_folder
from vidfer.clips.root_checks import check_folder, check_part, nothing_found
from vidfer.clips.source import Source
from vidfer.errors import DataError
from vidfer.names import Ids
from vidfer.tables import read_table

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

ALIGNED = "alignedfaces"
"""The folder of a split with its official aligned faces begins so (``AlignedFaces_LBPTOP_Points``)."""

SUBJECTS = "subjects.csv"
"""A table of a user (or of ``vidfer actors``) that gives the subject of each clip."""

LAYOUT = "Train_AFEW/, Val_AFEW/ and Test_AFEW/ (or Train/, Val/, Test/)"


def find_afew(root: Path, part: str | None = None) -> list[Clip]:
    """Lists the clips of AFEW, or of any data set in its layout.

    Each split folder holds label folders with videos, or the videos themselves (test, unlabelled). A folder
    of JPEGs named by the number of a clip is a clip too. A label beyond the basic seven is taken as the
    folder names it. AFEW does not say who is seen; a file ``subjects.csv`` (``id,subject``) at the root does.

    The official aligned faces (``Train_AFEW/AlignedFaces_LBPTOP_Points/Faces/000046280/000.jpg``) show the
    same clips as the videos. So they are left out; with the part ``aligned`` they replace the videos. No face
    was found in some videos, so they have no aligned faces: such a clip stays in the list as unreadable.

    Raises:
        SettingError: there is no such part.
        DataError: the root has no split folder, or a split has no clip.
    """
    check_part("afew", part, ("aligned",))
    check_folder(root, LAYOUT)
    clips = []
    for split, folder in _split_folders(root).items():
        found = list(_clips_of_split(folder, split))
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
    return _with_subjects(clips, root / SUBJECTS)


def _split_folders(root: Path) -> dict[str, Path]:
    folders: dict[str, Path] = {}
    for folder in list_folder(root):
        split = SPLITS.get(folder.name.lower())
        if split is None or not folder.is_dir():
            continue
        if split in folders:
            raise DataError(
                f"{root} holds both {folders[split].name}/ and {folder.name}/ for the split '{split}'; move "
                "one of them away"
            )
        folders[split] = folder
    if not folders:
        raise _wrong_root(root)
    return folders


def _clips_of_split(folder: Path, split: str) -> Iterator[tuple[Path, str | None]]:
    """The path and label of each clip of a split."""
    for entry in list_folder(folder):
        if entry.name.lower().startswith(ALIGNED):
            continue
        if not entry.is_dir():
            if is_video(entry) or is_image(entry):
                yield entry, None
        elif split == "unlabelled":
            paths = [entry] if is_frame_folder(entry) else find_media(entry)
            yield from ((path, None) for path in paths)
        elif re.match(r"\d", entry.name) and is_frame_folder(entry):
            yield entry, None  # the frames of a clip without a label, in a folder named by the clip's number
        else:
            yield from ((path, canonical_label(entry.name)) for path in find_media(entry))


def _aligned_faces(folder: Path) -> Path:
    """The folder with the aligned faces of a split; it holds a folder for each clip."""
    for entry in list_folder(folder):
        if entry.is_dir() and entry.name.lower().startswith(ALIGNED):
            inner = entry / entry.name  # some programs unpack a zip into a folder with the name of the zip
            faces = (inner if inner.is_dir() else entry) / "Faces"
            if faces.is_dir():
                return faces
    raise DataError(
        f"{folder} has no AlignedFaces_LBPTOP_Points/Faces/; unpack the aligned faces there, or use --src "
        "afew"
    )


def _with_subjects(clips: list[Clip], table: Path) -> list[Clip]:
    if not table.is_file():
        return clips
    ids = Ids(clip.id for clip in clips)
    subjects = {ids.place(row["id"]): row["subject"] or None for row in read_table(table, ("id", "subject"))}
    return [replace(clip, subject=subjects.get(i, clip.subject)) for i, clip in enumerate(clips)]


def _wrong_root(root: Path) -> DataError:
    """The error for a root without split folders; it names the right root where that can be guessed."""
    if root.name.lower() in SPLITS or any(is_expression(path.name) for path in list_folder(root)):
        return DataError(
            f"{root} looks like one split; give the folder above it, {root.absolute().parent}, which must "
            f"hold {LAYOUT}. If there are only label folders and no splits, use --src folder"
        )
    for folder in list_folder(root):
        if folder.is_dir() and any(p.is_dir() and p.name.lower() in SPLITS for p in list_folder(folder)):
            return DataError(f"{root} is one level too high; give {folder}, which holds the split folders")
    return nothing_found(root, LAYOUT)


AFEW = Source(
    find=find_afew,
    layout="Train_AFEW|Train/<Label>/*.avi, Val_AFEW|Val/<Label>/, Test_AFEW|Test, Unlabelled_AFEW",
    labels="folder name; Test may have none",
    size="773 + 383 + 653 clips of 0.3 to 5.4 s, 720x576 at 25 fps",
    licence="on request from the EmotiW organisers, research only, not to be passed on",
    parts="afew:aligned takes the official aligned faces of the same clips",
    marks=("Train_AFEW", "Val_AFEW"),
)
