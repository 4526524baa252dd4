"""SFEW 2.0: still frames of AFEW (Dhall et al., ICCV workshops 2011; EmotiW 2015)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vidfer.clips.clip import Clip, clip_id
from vidfer.clips.labels import canonical_label, is_expression
from vidfer.clips.media import find_media, is_image, is_video, list_folder
from vidfer.clips.root_checks import check_folder, nothing_found, wrong_root
from vidfer.clips.source import Source
from vidfer.errors import DataError

SPLITS = ("train", "val", "test")

ALIGNED = "_aligned_faces"
"""What follows a split's name where the faces are cut out. One edition of Val adds ``_new``."""

LAYOUT = "Train/, Val/ and Test/ of SFEW (or Train_Aligned_Faces/ and so on)"


def find_sfew(root: Path) -> list[Clip]:
    """Lists the images of SFEW, each a clip of one frame, with the official split.

    The aligned faces may lie beside the splits or inside them. Where a split has whole frames, these are
    taken. Test images have no label, unless they lie in label folders. The subjects are unknown.

    Raises:
        DataError: the root has no split folder, a split has no images, or these are AFEW's videos.
    """
    check_folder(root, LAYOUT)
    folders = {split: folder for split in SPLITS if (folder := _split_folder(root, split)) is not None}
    if not folders:
        raise wrong_root(root, _is_root, LAYOUT)
    clips = []
    for split, folder in folders.items():
        found = [
            Clip(
                id=clip_id(path, root),
                path=path,
                label=label,
                split=split,
                whole_face=ALIGNED in folder.name.lower(),
                source="sfew",
            )
            for path, label in _clips_of_split(folder)
        ]
        videos = [clip.path for clip in found if is_video(clip.path)]
        if videos:
            raise DataError(
                f"{folder} holds videos, such as {videos[0].name}, so this is AFEW; use --src afew"
            )
        if not found:
            raise nothing_found(folder, "label folders with .png images")
        clips += found
    return clips


def _clips_of_split(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """The path and label of each image of a split, and of each video that should not be there."""
    for entry in list_folder(folder):
        if entry.is_dir():
            yield from ((path, canonical_label(entry.name)) for path in find_media(entry))
        elif is_image(entry) or is_video(entry):
            yield entry, None


def _split_folder(root: Path, split: str) -> Path | None:
    """The folder with the images of a split, or with its aligned faces, beside or inside the split."""
    named = [path for path in list_folder(root) if path.is_dir() and path.name.lower().startswith(split)]
    whole = next((path for path in named if path.name.lower() == split), None)
    if whole is not None and _has_images(whole):
        return whole
    inside = [path for path in list_folder(whole) if path.is_dir()] if whole is not None else []
    aligned = [path for path in (*inside, *named) if path.name.lower().startswith(split + ALIGNED)]
    return aligned[0] if aligned else whole


def _has_images(folder: Path) -> bool:
    return any(is_image(path) or is_expression(path.name) for path in list_folder(folder))


def _is_root(folder: Path) -> bool:
    """Whether a split has images. For a given root less is enough, but many folders are named ``train``."""
    found = [_split_folder(folder, split) for split in SPLITS]
    return any(path is not None and _has_images(path) for path in found)


SFEW = Source(
    find=find_sfew,
    layout="Train/<Label>/*.png, Val/<Label>/*.png, Test/*.png; also Train_Aligned_Faces/<Label>/*.png",
    labels="folder name; Test has none",
    size="958 + 436 + 372 images, 720x576",
    licence="on request from the EmotiW organisers, research only, not to be passed on",
    marks=("Train_Aligned_Faces",),
)
