"""SFEW 2.0: still frames of AFEW (Dhall et al., ICCV workshops 2011; EmotiW 2015)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vidfer.clips.about import About
from vidfer.clips.clip import Clip
from vidfer.clips.labels import canonical_label, is_expression
from vidfer.clips.listing import check_folder, clip_id, media_under, nothing_found, wrong_root
from vidfer.clips.media import is_image, is_video, visible
from vidfer.errors import VidferError

ABOUT = About(
    layout="Train/<Label>/*.png, Val/<Label>/*.png, Test/*.png; also Train_Aligned_Faces/<Label>/*.png",
    labels="folder name; Test has none",
    size="958 + 436 + 372 images, 720x576",
    licence="on request from the EmotiW organisers, research only, not to be passed on",
)

SPLITS = ("train", "val", "test")

ALIGNED = "_aligned_faces"
"""Comes behind a split's name where faces are cut out; an edition of Val adds ``_new``."""

LOOKED_FOR = "Train/, Val/ and Test/ of SFEW (or Train_Aligned_Faces/ and so on)"


def sfew(root: Path) -> list[Clip]:
    """Images of SFEW, each a clip of one frame, with the official split; subjects are unknown.

    The aligned faces may lie beside the splits, or inside them; where a split has whole frames, these are
    taken. Test images have no label unless they lie in label folders.

    Raises:
        VidferError: no split folder at the root, or one without images; AFEW's videos.
    """
    check_folder(root, LOOKED_FOR)
    folders = {split: folder for split in SPLITS if (folder := _split_folder(root, split)) is not None}
    if not folders:
        raise wrong_root(root, _is_root, LOOKED_FOR)
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
            for path, label in _labelled(folder)
        ]
        videos = [clip.path for clip in found if is_video(clip.path)]
        if videos:
            raise VidferError(
                f"{folder} holds videos, such as {videos[0].name}; this is AFEW: use --src afew"
            )
        if not found:
            raise nothing_found(folder, "label folders with .png images")
        clips += found
    return clips


def _labelled(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """Each image of a split, or what lies there instead, with its label."""
    for entry in visible(folder):
        if entry.is_dir():
            yield from ((path, canonical_label(entry.name)) for path in media_under(entry))
        elif is_image(entry) or is_video(entry):
            yield entry, None


def _split_folder(root: Path, split: str) -> Path | None:
    """Where the images of a split lie: its folder, or that of its aligned faces beside or inside it."""
    named = [path for path in visible(root) if path.is_dir() and path.name.lower().startswith(split)]
    whole = next((path for path in named if path.name.lower() == split), None)
    if whole is not None and _has_images(whole):
        return whole
    inside = [path for path in visible(whole) if path.is_dir()] if whole is not None else []
    aligned = [path for path in (*inside, *named) if path.name.lower().startswith(split + ALIGNED)]
    return aligned[0] if aligned else whole


def _has_images(folder: Path) -> bool:
    return any(is_image(path) or is_expression(path.name) for path in visible(folder))


def _is_root(folder: Path) -> bool:
    """Stricter than the root itself, since folders named ``train`` and ``test`` are everywhere."""
    found = [_split_folder(folder, split) for split in SPLITS]
    return any(path is not None and _has_images(path) for path in found)
