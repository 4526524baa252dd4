"""Your own clips: one folder for each expression, or clips without labels."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from vidfer.clips.clip import Clip, clip_id
from vidfer.clips.labels import canonical_label, is_expression
from vidfer.clips.listing import this_listing
from vidfer.clips.media import (
    find_media,
    is_frame_folder,
    is_image,
    is_video,
    list_kinds,
    without_posters,
)
from vidfer.clips.root_checks import check_folder, check_part, nothing_found
from vidfer.clips.source import Source
from vidfer.clips.splits import split_of_name
from vidfer.errors import DataError

LAYOUT = "videos or images, or label folders with them"


def find_folder_clips(root: Path, part: str | None = None) -> list[Clip]:
    """Lists the clips of ``root/<label>/**``, ``root/<split>/<label>/**`` or a folder without labels.

    - A folder directly below the root, or directly below a split (train, val, test, or a name such as
      trainset), names the label of all that it holds, at any depth. Nothing below a folder ``unlabelled`` has
      a label.
    - If videos or images lie directly in the root, and no folder beside them has the name of a basic
      expression, then nothing has a label, at any depth.
    - If the root has no splits, all its folders hold numbered frames, all have a digit in their names, as
      names of clips have, and none has the name of an expression, then each is a clip without a label. A note
      says so.
    - Each video is a clip; a picture of its name beside it is left out. Another image that lies directly in a
      label folder is a clip of one frame. A folder below a label folder that holds only images is one clip;
      its images, ordered by their numbers, are the frames.
    - The part ``faces`` says that each picture was cut to the face before. Where no face is found in one, the
      whole picture is taken.

    Raises:
        SettingError: there is no such part.
        DataError: the root is wrong or empty, or holds other folders beside its splits.
    """
    check_part("folder", part, ("faces",))
    check_folder(root, LAYOUT)
    folders = [path for path, is_folder in list_kinds(root).items() if is_folder]
    splits = {path: split for path in folders if (split := split_of_name(path.name)) is not None}
    official = [path.name for path, split in splits.items() if split != "unlabelled"]
    others = [path.name for path in folders if path not in splits and any(find_media(path))]
    if official and others:
        raise DataError(
            f"{root} holds the split {official[0]}/ and also {others[0]}/, which is no split; move it into "
            "one of train/, val/, test/, unlabelled/, or out of the root"
        )
    clips = _clips_in(root, root, split=None, leave_out=splits)
    for folder, split in splits.items():
        clips += _clips_in(folder, root, split=split)
    if not clips:
        raise nothing_found(root, LAYOUT)
    if not splits:
        _note_unknown_labels(clips, root)
    return [replace(clip, whole_face=part == "faces") for clip in clips]


def _note_unknown_labels(clips: Sequence[Clip], root: Path) -> None:
    """Say so where folders may be people: several with videos, none of them with a name of an expression."""
    labels = sorted({clip.label for clip in clips if clip.label and is_video(clip.path)})
    if len(labels) > 1 and not any(is_expression(clip.label or "") for clip in clips):
        names = ", ".join(labels[:3]) + " …" * (len(labels) > 3)
        this_listing(root).note(
            f"the names of the folders in {root} are taken for labels, and none is a basic expression: "
            f"{names}. If they are people, move the folders into a folder unlabelled/ there"
        )


def _clips_in(folder: Path, root: Path, *, split: str | None, leave_out: Collection[Path] = ()) -> list[Clip]:
    """The clips of the root, or of one split. A split that cannot be read is a clip that cannot."""
    try:
        kinds = list_kinds(folder)
    except OSError:
        return [Clip(id=clip_id(folder, root), path=folder, split=split)]
    entries = [path for path in without_posters(kinds) if path not in leave_out]
    folders = [path for path in entries if kinds[path]]
    files = [path for path in entries if not kinds[path] and (is_video(path) or is_image(path))]
    without_labels = not any(is_expression(path.name) for path in folders) and (
        bool(files) or (folder == root and not leave_out and _hold_frames(folders, root))
    )
    if without_labels and folder == root and is_expression(root.name):
        raise DataError(
            f"{root} looks like one label folder; give the folder above it, {root.absolute().parent}"
        )
    found: list[tuple[Path, str | None]] = [(path, None) for path in files]
    for entry in folders:
        if without_labels or split == "unlabelled":
            paths = [entry] if is_frame_folder(entry) else find_media(entry)
            found += [(path, None) for path in paths]
        else:
            _check_label_folder(entry)
            found += [(path, canonical_label(entry.name)) for path in find_media(entry)]
    return [Clip(id=clip_id(path, root), path=path, label=label, split=split) for path, label in found]


def _hold_frames(folders: Sequence[Path], root: Path) -> bool:
    """Whether all folders that hold clips hold only frames: images that end in numbers after one stem.

    Pictures with names of their own (``ann.jpg``, ``bob.jpg``) are examples of a label, and no frames. So are
    pictures in a folder whose name has no digit (``pain/pain_001.jpg``): labels are words without numbers.
    """
    clips: dict[Path, int] = {}
    for folder in folders:
        found = list(find_media(folder))
        if found == [folder]:  # it cannot be read, so it says nothing of the others
            continue
        if any(path.parent != folder or not is_image(path) or path.is_dir() for path in found):
            return False
        names = [path.stem for path in found]
        stems = {re.sub(r"\d+$", "", name) for name in names}
        if len(stems) > 1 or not all(name[-1].isdecimal() for name in names):
            return False
        if names:
            clips[folder] = len(names)
    if max(clips.values(), default=0) < 2:
        return False
    words = [folder for folder in clips if not re.search(r"\d", folder.name)]
    if words:
        this_listing(root).note(
            f"the names of the folders in {root}, such as {words[0].name}/, are taken for labels, and each "
            "picture for a clip. If each folder holds the frames of one clip, move the folders into a folder "
            "unlabelled/ there"
        )
        return False
    this_listing(root).note(
        f"the folders in {root} ({len(clips)}, such as {next(iter(clips)).name}/) hold numbered frames and "
        "have no names of expressions: each is a clip without a label. If their names are labels, move the "
        "folders into a folder train/ there, or write a table (--src table)"
    )
    return True


def _check_label_folder(folder: Path) -> None:
    try:
        names = [path.name for path, is_folder in list_kinds(folder).items() if is_folder]
    except OSError:  # reading its clips says so
        return
    inner = [name for name in names if is_expression(name) or split_of_name(name)]
    if inner and not is_expression(folder.name):
        raise DataError(
            f"{folder} is no label folder, because it holds {inner[0]}/. If the root is one level too high, "
            f"give {folder}; to join several data sets, write a table (--src table)"
        )


FOLDER = Source(
    find=find_folder_clips,
    layout="<label>/**, <split>/<label>/**, or clips without label folders",
    parts="folder:faces says that the pictures were cut to the face",
    labels="folder name",
    size="yours",
    licence="yours",
)
