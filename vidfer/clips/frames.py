"""Lists of frame folders, as many public repositories of dynamic expression recognition keep their data."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from vidfer.clips.about import About
from vidfer.clips.clip import Clip
from vidfer.clips.folder import SPLITS
from vidfer.clips.frames_names import read_names
from vidfer.clips.labels import canonical_label, numbered_label
from vidfer.clips.listing import absent_clips, check_folder, clip_id, nothing_found
from vidfer.clips.media import frame_paths, visible
from vidfer.errors import VidferError

ABOUT = About(
    layout="train.txt, val.txt, test.txt with lines `path n_frames label`, labels.txt with the names of "
    "numbered labels, and the folders of frames below",
    labels="third column; numbers are named by labels.txt or names.txt",
    size="yours",
    licence="that of the data set whose frames they are",
    parts="frames:set_1 takes only the lists that have set_1 in their name",
)

NAMES = ("labels.txt", "names.txt")

LOOKED_FOR = "lists such as train.txt with lines `path n_frames label`, and the frames they name"


def frames(root: Path, part: str | None = None) -> list[Clip]:
    """Folders of frames that lists name, with the label and, by the list's name, the split.

    The lists (``train.txt``, ``DFEW_set_1_test.txt``) lie directly in the root. A path in them may begin on
    another machine: taken is the folder below the root that the longest end of the path names. A root that
    is a list is read alone. A list whose name tells no split leaves it open.

    Raises:
        VidferError: no list, two for one split, a line that cannot be read, folders that are absent or have
            another number of frames than listed, numbered labels without names.
    """
    is_list = root.is_file() and root.suffix.lower() == ".txt"
    if not is_list:
        check_folder(root, LOOKED_FOR)
    home = root.parent if is_list else root
    lists = [root] if is_list else [p for p in visible(root) if _is_list(p) and (part or "") in p.stem]
    if not lists:
        raise nothing_found(root, LOOKED_FOR if part is None else f"lists with '{part}' in their name")
    clips, first_of = [], {}
    for file in lists:
        split = _split(file)
        if split in first_of:
            raise VidferError(
                f"{first_of[split].name} and {file.name} in {home} are both lists of "
                f"{f'the split {split!r}' if split else 'no split'}; choose those of one set by a piece of "
                "their name, such as --src frames:set_1, or move one away"
            )
        first_of[split] = file
        clips += _read_list(file, home, split)
    return clips


def _is_list(path: Path) -> bool:
    """Whether a file is a list, or should be one by its name."""
    is_text = path.is_file() and path.suffix.lower() == ".txt" and path.name not in NAMES
    return is_text and bool(_split(path) or _rows(path))


def _rows(file: Path) -> list[tuple[int, list[str]]]:
    """Number and the three cells of each line; empty for a file whose first line is none of a list."""
    lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    rows = [(number, line.rsplit(maxsplit=2)) for number, line in enumerate(lines, start=1) if line.strip()]
    if not rows or len(rows[0][1]) != 3 or not rows[0][1][1].isdecimal():
        return []
    return rows


def _split(file: Path) -> str | None:
    words = re.split(r"[^a-z]+", file.stem.lower())
    return next((SPLITS[word] for word in words if word in SPLITS), None)


def _read_list(file: Path, home: Path, split: str | None) -> list[Clip]:
    rows = _rows(file)
    if not rows:
        raise VidferError(f"the lines of {file} are not `path n_frames label`; give a list of frame folders")
    names = read_names([home / name for name in NAMES])
    find = _finder(home)
    clips, absent, other = [], [], []
    for number, row in rows:
        where = f"line {number} of {file}"
        if len(row) != 3 or not row[1].isdecimal():
            raise VidferError(f"{where} is '{' '.join(row)}'; it must be `path n_frames label`")
        folder = find(row[0])
        if folder is None:
            absent.append(row[0])
            continue
        n_frames = len(frame_paths(folder))
        if n_frames != int(row[1]):
            other.append(f"{folder} has {n_frames} images and {row[1]} in line {number}")
        clips.append(
            Clip(
                id=clip_id(folder, home),
                path=folder,
                label=_label(row[2], names, where),
                split=split,
                source="frames",
            )
        )
    if absent:
        raise absent_clips(absent, len(rows), file, f"no end of that path is a folder below {home}")
    if other:
        raise VidferError(
            f"{len(other)} of the {len(rows)} folders in {file} have not the listed number of frames: "
            f"{other[0]}; extract them again, or correct the list"
        )
    return clips


def _label(text: str, names: dict[int, str], where: str) -> str:
    if not re.fullmatch(r"-?\d+", text):
        return canonical_label(text)
    if not names:
        raise VidferError(
            f"{where} has the label {text}, and every data set counts in its own way; write the names, one a "
            f"line in the order of the numbers from 0, or as `number name`, into {NAMES[0]} beside the list"
        )
    return numbered_label(text, names, where)


def _finder(home: Path) -> Callable[[str], Path | None]:
    """A function from a listed path to the folder below ``home`` that its longest end names, or None."""

    @cache
    def is_folder(path: Path) -> bool:
        return path.is_dir()

    def find(listed: str) -> Path | None:
        parts = [part for part in re.split(r"[\\/]+", listed) if part not in ("", ".", "..")]
        ends = (home.joinpath(*parts[i:]) for i in range(len(parts)))
        return next((path for path in ends if is_folder(path)), None)

    return find
