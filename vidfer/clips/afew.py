"""AFEW 8.0: acted facial expressions in the wild (Dhall et al. 2012; EmotiW challenges)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from vidfer.clips.about import About
from vidfer.clips.clip import Clip
from vidfer.clips.labels import canonical_label, is_expression
from vidfer.clips.listing import check_folder, clip_id, media_under, name_subjects, nothing_found
from vidfer.clips.media import holds_only_frames, is_image, is_video, visible
from vidfer.errors import VidferError

ABOUT = About(
    layout="Train_AFEW|Train/<Label>/*.avi, Val_AFEW|Val/<Label>/, Test_AFEW|Test, Unlabelled_AFEW",
    labels="folder name; Test may have none",
    size="773 + 383 + 653 clips of 0.3 to 5.4 s, 720x576 at 25 fps",
    licence="on request from the EmotiW organisers, research only, not to be passed on",
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


def afew(root: Path) -> list[Clip]:
    """Clips of AFEW, or of any data set in its layout.

    Below each split folder lie label folders with videos, or the videos themselves (test, unlabelled).
    The official aligned frames count as clips too: a folder of JPEGs per clip, named by the clip's
    number. Labels beyond the basic seven are taken as they are named. If a file ``subjects.csv``
    (``id,subject``) lies at the root, it names the subjects; AFEW itself does not say who is seen. 773 /
    383 / 653 clips; the licence is granted on request, for research, and forbids passing clips on.

    Raises:
        VidferError: no split folder at the root, or one without clips.
    """
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
        found = [
            Clip(id=clip_id(path, root), path=path, label=label, split=split, source="afew")
            for path, label in _labelled(folder, split)
        ]
        if not found:
            raise nothing_found(folder, "label folders with videos, or videos")
        clips += found
    subjects = root / "subjects.csv"
    return name_subjects(clips, subjects) if subjects.is_file() else clips


def _labelled(folder: Path, split: str) -> Iterator[tuple[Path, str | None]]:
    """Each clip of a split with its label."""
    for entry in visible(folder):
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
