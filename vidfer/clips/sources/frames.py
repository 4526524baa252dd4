"""Lists of frame folders, as many public repositories of dynamic expression recognition keep their data."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from vidfer.clips.clip import Clip, clip_id
from vidfer.clips.labels import canonical_label, label_of_number
from vidfer.clips.listing import this_listing
from vidfer.clips.media import frame_paths, list_folder
from vidfer.clips.named_path import NamedPaths
from vidfer.clips.root_checks import check_folder, missing_clips, nothing_found
from vidfer.clips.source import Source
from vidfer.clips.sources.frames_labels import LABEL_FILES, read_label_names
from vidfer.clips.splits import split_of_name
from vidfer.errors import DataError
from vidfer.tables import read_lines

LINE, SHORT_LINE = "path n_frames label", "path label"

SUFFIXES = (".txt", ".csv")

LAYOUT = f"lists such as train.txt with lines `{LINE}` or `{SHORT_LINE}`, and the folders of frames"

FolderFinder = Callable[[str], Path | None]

Row = tuple[str, str, str | None, str]
"""The place of a line, and its path, number of frames (None where the list has none) and label."""


def find_listed_frames(root: Path, part: str | None = None) -> list[Clip]:
    """Lists the folders of frames that the lists in the root name, with their labels.

    The lists (``train.txt``, ``DFEW_set_1_test.txt``) lie directly in the root, or the root is one list. The
    name of a list gives the split; a name without a split gives none. A path in a list may begin with folders
    of another machine: its longest end that is a folder below the root is taken.

    A folder with another number of images than listed is read as it is, and a note says so.

    Raises:
        DataError: there is no list, or two for one split; a line cannot be read; a folder is missing, or all
            are without images; or the labels are numbers without names.
    """
    is_list = root.is_file() and root.suffix.lower() in SUFFIXES
    if not is_list:
        check_folder(root, LAYOUT)
    home = root.parent if is_list else root
    lists = [root] if is_list else [p for p in list_folder(root) if _is_list(p) and (part or "") in p.stem]
    if not lists:
        raise nothing_found(root, LAYOUT if part is None else f"lists with '{part}' in their name")
    clips: list[Clip] = []
    list_of_split: dict[str | None, Path] = {}
    for file in lists:
        split = _split_of(file)
        if split in list_of_split:
            raise DataError(
                f"{list_of_split[split].name} and {file.name} in {home} are both lists of "
                f"{f'the split {split!r}' if split else 'no split'}; choose a set by a part of its name, "
                "such as --src frames:set_1, or move one list away"
            )
        list_of_split[split] = file
        clips += _read_list(file, home, split)
    return clips


def _is_list(path: Path) -> bool:
    """Whether a file is a list by its lines, or should be one by its name."""
    if not path.is_file() or path.suffix.lower() not in SUFFIXES or path.name in LABEL_FILES:
        return False
    is_named = path.suffix.lower() == ".txt" and _split_of(path) is not None
    return is_named or bool(_rows_of(path, _folder_finder(path.parent)))


def _rows_of(file: Path, find: FolderFinder) -> list[Row]:
    """The lines of a list, all in the form ``path n_frames label`` or all in the form ``path label``.

    Empty where the file is no list. A list has the short form if one of its paths leads to a folder so.

    Raises:
        DataError: a line has not the form of the list.
    """
    lines = list(read_lines(file))
    if not lines:
        return []
    short = [(where, line.rsplit(maxsplit=1)) for where, line in lines]
    long = [(where, line.rsplit(maxsplit=2)) for where, line in lines]
    is_long = _is_long_row(long[0][1])
    if any(len(cells) == 2 and find(cells[0]) for _, cells in (short[:1] if is_long else short)):
        rows, form, is_row = short, SHORT_LINE, lambda cells: len(cells) == 2
    elif is_long:
        rows, form, is_row = long, LINE, _is_long_row
    else:
        return []
    for where, cells in rows:
        if not is_row(cells):
            raise DataError(f"{where} is '{' '.join(cells)}'; it must be `{form}`")
    return [(where, cells[0], cells[1] if len(cells) == 3 else None, cells[-1]) for where, cells in rows]


def _is_long_row(cells: list[str]) -> bool:
    return len(cells) == 3 and cells[1].isdecimal()


def _split_of(file: Path) -> str | None:
    words = re.split(r"[^a-z]+", file.stem.lower())
    return next(filter(None, map(split_of_name, words)), None)


def _read_list(file: Path, home: Path, split: str | None) -> list[Clip]:
    find = _folder_finder(home)
    rows = _rows_of(file, find)
    if not rows:
        raise DataError(
            f"the lines of {file} are not `{LINE}`, nor `{SHORT_LINE}` with the path of a folder below "
            f"{home}; give a list of frame folders"
        )
    names = read_label_names(home)
    clips: list[Clip] = []
    missing: list[str] = []
    other_counts: list[str] = []
    n_images = 0
    for where, listed, n_listed, label in rows:
        folder = find(listed)
        if folder is None:
            missing.append(listed)
            continue
        n_frames = len(frame_paths(folder))
        n_images += n_frames
        if n_listed is not None and n_frames != int(n_listed):
            other_counts.append(f"{folder} has {n_frames} images, and {where} says {n_listed}")
        label = _label(label, names, where)
        clips.append(Clip(id=clip_id(folder, home), path=folder, label=label, split=split, source="frames"))
    if missing:
        raise missing_clips(missing, len(rows), file, f"No end of that path is a folder below {home}")
    if not n_images:
        raise DataError(
            f"the {len(rows)} folders in {file} hold no image, such as {clips[0].path}; extract "
            "the frames into them"
        )
    if other_counts:
        this_listing(home).note(
            f"{len(other_counts)} of the {len(rows)} folders in {file} have another number of images than "
            f"listed: {other_counts[0]}. All images in them are read"
        )
    return clips


def _label(text: str, names: dict[int, str], where: str) -> str:
    if not re.fullmatch(r"-?\d+", text):
        return canonical_label(text)
    if not names:
        raise DataError(
            f"{where} has the label {text}, and each data set numbers its labels differently. Write the "
            f"names into {LABEL_FILES[0]} beside the list: one name a line from number 0 on, or lines "
            "`number name`"
        )
    return label_of_number(text, names, where)


def _folder_finder(home: Path) -> FolderFinder:
    """A function that finds the folder below ``home`` that the longest end of a listed path names."""

    paths = NamedPaths(home)

    @cache
    def folder_of(text: str) -> Path | None:
        path = paths.find(text)
        return path if path is not None and path.is_dir() else None

    def find(listed: str) -> Path | None:
        parts = [part for part in re.split(r"[\\/]+", listed) if part not in ("", ".", "..")]
        ends = (folder_of("/".join(parts[i:])) for i in range(len(parts)))
        return next((path for path in ends if path is not None), None)

    return find


FRAMES = Source(
    find=find_listed_frames,
    layout=f"train.txt, val.txt, test.txt with lines `{LINE}` or `{SHORT_LINE}`, labels.txt with the names "
    "of numbered labels, and the folders of frames below",
    labels="last column; labels.txt or names.txt gives the names of numbers",
    size="yours",
    licence="that of the data set whose frames they are",
    parts="frames:set_1 takes only the lists that have set_1 in their name",
)
