"""RAF-DB: faces from the internet with basic and compound expressions (Li, Deng and Du, CVPR 2017)."""

from __future__ import annotations

from pathlib import Path

from vidfer.clips.clip import Clip, clip_id
from vidfer.clips.labels import label_of_number
from vidfer.clips.media import is_image, list_folder
from vidfer.clips.root_checks import check_folder, check_part, missing_clips, nothing_found, wrong_root
from vidfer.clips.source import Source
from vidfer.errors import DataError, SettingError
from vidfer.tables import read_lines

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
"""Its authors spell it like this."""

LAYOUT = "basic/ and compound/ of RAF-DB, with EmoLabel/ and Image/ in each"


def find_rafdb(root: Path, part: str | None = None) -> list[Clip]:
    """Lists the images of RAF-DB, each a clip of one frame, with the official split.

    The root holds ``basic/``, ``compound/`` or both, or is one of them; a part takes one of them. Aligned
    images are taken before the originals, which may show several people. No basic and compound expression
    have the same name, so compound ones can be novel classes. The subjects are unknown.

    Raises:
        SettingError: there is no such part, or the root does not tell its part.
        DataError: the root is wrong, or of another edition; images or labels are missing or packed, or a line
            cannot be read.
    """
    check_part("rafdb", part, PARTS)
    check_folder(root, LAYOUT)
    if _is_part(root):
        name = part or next((name for name in PARTS if name in root.absolute().name.lower()), None)
        if name is None:
            raise SettingError(
                f"the name of {root} does not tell its part; use rafdb:basic or rafdb:compound"
            )
        return _clips_of_part(root, root, PARTS[name])
    if not _is_root(root):
        raise _another_edition(root) or wrong_root(root, _is_root, LAYOUT)
    if part is not None and not (root / part).is_dir():
        raise DataError(f"{root} has no folder {part}/; unpack this part of RAF-DB there")
    clips = []
    for name in PARTS if part is None else (part,):
        if (root / name).is_dir():
            clips += _clips_of_part(root / name, root, PARTS[name])
    return clips


def _clips_of_part(folder: Path, root: Path, labels: dict[int, str]) -> list[Clip]:
    table = folder / "EmoLabel" / TABLE
    if not table.is_file():
        raise DataError(f"{folder} has no EmoLabel/{TABLE}; unpack RAF-DB's EmoLabel there")
    aligned = _images(folder / "Image" / "aligned")
    images = aligned or _images(folder / "Image" / "original")
    if not images:
        inner = folder / "Image"
        layout = "Image/aligned/ or Image/original/ of RAF-DB"
        raise nothing_found(inner if inner.is_dir() else folder, layout)
    clips, missing, lines = [], [], read_lines(table)
    for where, line in lines:
        name, label = (*line.split(maxsplit=1), "")[:2]
        split = name.partition("_")[0]
        if split not in ("train", "test") or not label:
            raise DataError(f"{where} is '{line}'; RAF-DB's lines are like train_00001.jpg 5")
        path = images.get(Path(name).stem)
        if path is None:
            missing.append(name)
            continue
        clips.append(
            Clip(
                id=clip_id(path, root),
                path=path,
                label=label_of_number(label, labels, where),
                split=split,
                whole_face=bool(aligned),
                source="rafdb",
            )
        )
    if missing:
        raise missing_clips(missing, len(lines), table, f"Unpack all images in {folder / 'Image'}")
    return clips


def _images(folder: Path) -> dict[str, Path]:
    """The images of a folder, by their name in the table."""
    if not folder.is_dir():
        return {}
    return {path.stem.removesuffix("_aligned"): path for path in list_folder(folder) if is_image(path)}


def _is_part(folder: Path) -> bool:
    return (folder / "EmoLabel").is_dir() or (folder / "Image").is_dir()


def _is_root(folder: Path) -> bool:
    return any(_is_part(folder / name) for name in PARTS)


def _another_edition(root: Path) -> DataError | None:
    """The error for a repacked RAF-DB with numbers as names of folders."""
    folder = next((f for f in (root, root / "DATASET") if (f / "train" / "1").is_dir()), None)
    if folder is None:
        return None
    return DataError(
        f"{folder} is a repacked RAF-DB with numbered folders; give the authors' edition, {LAYOUT}, or "
        f"rename the folders ({', '.join(f'{key} {name}' for key, name in BASIC.items())}) and use --src "
        "folder"
    )


RAFDB = Source(
    find=find_rafdb,
    layout="basic/Image/aligned/train_00001_aligned.jpg (or original/train_00001.jpg), "
    "basic/EmoLabel/list_patition_label.txt; compound/ the same",
    labels="list_patition_label.txt: 7 basic, 11 compound expressions",
    size="15,339 basic and 3,954 compound images",
    licence="on request from its authors, non-commercial research only, not to be passed on",
    parts="rafdb:basic or rafdb:compound takes one of the two",
    marks=(TABLE,),
)
