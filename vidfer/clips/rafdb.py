"""RAF-DB: faces from the internet with basic and compound expressions (Li, Deng and Du, CVPR 2017)."""

from __future__ import annotations

from pathlib import Path

from vidfer.clips.about import About
from vidfer.clips.clip import Clip
from vidfer.clips.labels import numbered_label
from vidfer.clips.listing import absent_clips, check_folder, check_part, clip_id, nothing_found, wrong_root
from vidfer.clips.media import is_image, visible
from vidfer.errors import VidferError

ABOUT = About(
    layout="basic/Image/aligned/train_00001_aligned.jpg (or original/train_00001.jpg), "
    "basic/EmoLabel/list_patition_label.txt; compound/ the same",
    labels="list_patition_label.txt: 7 basic, 11 compound expressions",
    size="15,339 basic and 3,954 compound images",
    licence="on request from its authors, non-commercial research only, not to be passed on",
    parts="rafdb:basic or rafdb:compound takes one of the two",
)

BASIC = {1: "surprise", 2: "fear", 3: "disgust", 4: "happy", 5: "sad", 6: "angry", 7: "neutral"}
COMPOUND = {
    1: "happily_surprised",
    2: "happily_disgusted",
    3: "sadly_fearful",
    4: "sadly_angry",
    5: "sadly_surprised",
    6: "sadly_disgusted",
    7: "fearfully_angry",
    8: "fearfully_surprised",
    9: "angrily_surprised",
    10: "angrily_disgusted",
    11: "disgustedly_surprised",
}
PARTS = {"basic": BASIC, "compound": COMPOUND}

TABLE = "list_patition_label.txt"
"""Spelled like this by its authors."""

LOOKED_FOR = "basic/ and compound/ of RAF-DB, with EmoLabel/ and Image/ in each"


def rafdb(root: Path, part: str | None = None) -> list[Clip]:
    """Images of RAF-DB, each a clip of one frame, with the official split; subjects are unknown.

    The root holds ``basic/``, ``compound/`` or both, or is one of them; ``part`` takes one. Aligned images
    are preferred to the originals, which may show more than one person. Basic and compound expressions have
    different names, so that compound ones can be novel classes.

    Raises:
        VidferError: images or labels are missing, one level too high or too low, a zip not unpacked, a row
            that cannot be read or whose image is absent, a repacked edition.
    """
    check_part("rafdb", part, PARTS)
    check_folder(root, LOOKED_FOR)
    if _is_part(root):
        name = part or next((name for name in PARTS if name in root.absolute().name.lower()), None)
        if name is None:
            raise VidferError(f"the name of {root} does not tell its part; use rafdb:basic or rafdb:compound")
        return _clips(root, root, PARTS[name])
    if not _is_root(root):
        raise _another_edition(root) or wrong_root(root, _is_root, LOOKED_FOR)
    if part is not None and not (root / part).is_dir():
        raise VidferError(f"{root} lacks the folder {part}/; unpack this part of RAF-DB there")
    clips = []
    for name in PARTS if part is None else (part,):
        if (root / name).is_dir():
            clips += _clips(root / name, root, PARTS[name])
    return clips


def _clips(folder: Path, root: Path, labels: dict[int, str]) -> list[Clip]:
    table = folder / "EmoLabel" / TABLE
    if not table.is_file():
        raise VidferError(f"{folder} lacks EmoLabel/{TABLE}; unpack RAF-DB's EmoLabel there")
    aligned = _images(folder / "Image" / "aligned")
    images = aligned or _images(folder / "Image" / "original")
    if not images:
        inner = folder / "Image"
        raise nothing_found(
            inner if inner.is_dir() else folder, "Image/aligned/ or Image/original/ of RAF-DB"
        )
    clips, absent, lines = [], [], table.read_text(encoding="utf-8-sig").splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        name, label = (*line.split(maxsplit=1), "")[:2]
        split = name.partition("_")[0]
        if split not in ("train", "test") or not label:
            raise VidferError(f"line {number} of {table} is '{line}'; RAF-DB's are like train_00001.jpg 5")
        path = images.get(Path(name).stem)
        if path is None:
            absent.append(name)
            continue
        clips.append(
            Clip(
                id=clip_id(path, root),
                path=path,
                label=numbered_label(label, labels, f"line {number} of {table}"),
                split=split,
                whole_face=bool(aligned),
                source="rafdb",
            )
        )
    if absent:
        raise absent_clips(absent, len(lines), table, f"unpack all images in {folder / 'Image'}")
    return clips


def _images(folder: Path) -> dict[str, Path]:
    """Images by the name that the table has for them."""
    if not folder.is_dir():
        return {}
    return {path.stem.removesuffix("_aligned"): path for path in visible(folder) if is_image(path)}


def _is_part(folder: Path) -> bool:
    return (folder / "EmoLabel").is_dir() or (folder / "Image").is_dir()


def _is_root(folder: Path) -> bool:
    return any(_is_part(folder / name) for name in PARTS)


def _another_edition(root: Path) -> VidferError | None:
    """The error for the repacked RAF-DB whose folders are named by numbers."""
    folder = next((f for f in (root, root / "DATASET") if (f / "train" / "1").is_dir()), None)
    if folder is None:
        return None
    return VidferError(
        f"{folder} is a repacked RAF-DB with numbered folders; give the authors' own, {LOOKED_FOR}, or name "
        f"the folders {', '.join(f'{key} {name}' for key, name in BASIC.items())} and use --src folder"
    )
