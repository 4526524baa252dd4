"""Lists of frame folders, as many public repositories of dynamic expression recognition keep their data."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from vidfer.clips.clip import Clip, clip_id
from vidfer.clips.labels import canonical_label, label_of_number
from vidfer.clips.media import frame_paths, list_folder
from vidfer.clips.root_checks import check_folder, missing_clips, nothing_found
from vidfer.clips.source import Source
from vidfer.clips.sources.frames_labels import LABEL_FILES, read_label_names
from vidfer.clips.splits import SPLITS
from vidfer.errors import DataError
from vidfer.tables import read_lines

LINE = "path n_frames label"

LAYOUT = f"lists such as train.txt with lines `{LINE}`, and the folders of frames"


def find_listed_frames(root: Path, part: str | None = None) -> list[Clip]:
    """Lists the folders of frames that the lists in the root name, with their labels.

    The lists (``train.txt``, ``DFEW_set_1_test.txt``) lie directly in the root, or the root is one list. The
    name of a list gives the split; a name without a split gives none. A path in a list may begin with folders
    of another machine: its longest end that is a folder below the root is taken.

    Raises:
        DataError: there is no list, or two for one split; a line cannot be read; a folder is missing or does
            not have the listed number of frames; or the labels are numbers without names.
    """
    is_list = root.is_file() and root.suffix.lower() == ".txt"
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
    """Whether a file is a list by its first line, or should be one by its name."""
    is_text = path.is_file() and path.suffix.lower() == ".txt" and path.name not in LABEL_FILES
    return is_text and (_split_of(path) is not None or bool(_rows_of(path)))


def _rows_of(file: Path) -> list[tuple[str, list[str]]]:
    """The place and the cells of each line; empty where the first line is not ``path n_frames label``."""
    rows = [(where, line.rsplit(maxsplit=2)) for where, line in read_lines(file)]
    return rows if rows and _is_row(rows[0][1]) else []


def _is_row(cells: list[str]) -> bool:
    return len(cells) == 3 and cells[1].isdecimal()


def _split_of(file: Path) -> str | None:
    words = re.split(r"[^a-z]+", file.stem.lower())
    return next((SPLITS[word] for word in words if word in SPLITS), None)


def _read_list(file: Path, home: Path, split: str | None) -> list[Clip]:
    rows = _rows_of(file)
    if not rows:
        raise DataError(f"the lines of {file} are not `{LINE}`; give a list of frame folders")
    names = read_label_names(home)
    find = _folder_finder(home)
    clips: list[Clip] = []
    missing: list[str] = []
    wrong_numbers: list[str] = []
    for where, cells in rows:
        if not _is_row(cells):
            raise DataError(f"{where} is '{' '.join(cells)}'; it must be `{LINE}`")
        folder = find(cells[0])
        if folder is None:
            missing.append(cells[0])
            continue
        n_frames = len(frame_paths(folder))
        if n_frames != int(cells[1]):
            wrong_numbers.append(f"{folder} has {n_frames} images, and {where} says {cells[1]}")
        label = _label(cells[2], names, where)
        clips.append(Clip(id=clip_id(folder, home), path=folder, label=label, split=split, source="frames"))
    if missing:
        raise missing_clips(missing, len(rows), file, f"No end of that path is a folder below {home}")
    if wrong_numbers:
        raise DataError(
            f"{len(wrong_numbers)} of the {len(rows)} folders in {file} do not have the listed number of "
            f"frames: {wrong_numbers[0]}. Extract the frames again, or correct the list"
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


def _folder_finder(home: Path) -> Callable[[str], Path | None]:
    """A function that finds the folder below ``home`` that the longest end of a listed path names."""

    @cache
    def is_folder(path: Path) -> bool:
        return path.is_dir()

    def find(listed: str) -> Path | None:
        parts = [part for part in re.split(r"[\\/]+", listed) if part not in ("", ".", "..")]
        ends = (home.joinpath(*parts[i:]) for i in range(len(parts)))
        return next((path for path in ends if is_folder(path)), None)

    return find


FRAMES = Source(
    find=find_listed_frames,
    layout=f"train.txt, val.txt, test.txt with lines `{LINE}`, labels.txt with the names of numbered labels, "
    "and the folders of frames below",
    labels="third column; labels.txt or names.txt gives the names of numbers",
    size="yours",
    licence="that of the data set whose frames they are",
    parts="frames:set_1 takes only the lists that have set_1 in their name",
)
