"""Films that are named one by one, by folder or by pattern: what a prediction is made of."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from vidfer.clips.clip import Clip, plain_text
from vidfer.clips.copies import find_copies
from vidfer.clips.listing import Listing, listing_of
from vidfer.clips.media import find_media, is_image, list_folder
from vidfer.errors import DataError

PREDICTION = "predict.json"
"""A folder with this file holds a prediction."""
FILMS = "films"
"""The folder in it for what a prediction has written of its inputs."""
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
REMEDY = "name a video, a picture, or a folder that holds some"
MANY_PICTURES = 5
"""More numbered pictures than this in one folder may be the frames of one clip."""


def find_inputs(
    names: Sequence[str | Path],
    *,
    start_s: float | None = None,
    end_s: float | None = None,
    on_note: Callable[[str], None] | None = None,
) -> list[Clip]:
    """The videos, images and folders of frames that names stand for, each once, in the order of the names.

    A file is taken whatever its name is. In a folder, videos are found at any depth; pictures that lie
    directly in it are single pictures, and a folder of pictures below it is one clip. A folder that cannot be
    read is one, too, so that reading it says why. What a prediction has written is left out. A name that is
    no file may be a pattern, such as ``'films/*.mp4'``.

    Args:
        names: files, folders and patterns.
        start_s: leave out what comes before, in each of them, in seconds.
        end_s: leave out what comes at and after this time.
        on_note: called with each line that the user should read, such as what was left out. Without it, a
            folder that holds no video and no picture is an error also beside others that do.

    Returns:
        A clip for each. Its id is the path below the folder that was named; where several names were given,
        below the folder that holds all of them. So the ids stay when films are added to a folder.

    Raises:
        DataError: a name stands for nothing, or all folders hold nothing.
    """
    found: dict[Path, Path] = {}
    homes: set[Path] = set()
    told = Listing(Path())
    for path in [path for name in names for path in _paths_of(str(name))]:
        media = _media(path, told)
        if not media:
            if on_note is None:
                raise DataError(f"{_nothing_in(path)}; {REMEDY}")
            if list_folder(path):  # otherwise it is among those that are empty
                told.note(_nothing_in(path))
        for one in media:
            real = Path(os.path.realpath(one))  # links may lead in a circle
            if real not in found:
                found[real] = one
                homes.add(path.absolute() if one != path else path.absolute().parent)
    if not found:
        raise DataError(f"{_nothing_in(path)}; {REMEDY}")
    if on_note is not None:
        for line in [*told.lines(), *_note_of_copies(found.values())]:
            on_note(line)
    root, paths = Path(os.path.commonpath(homes)), [path.absolute() for path in found.values()]
    return [
        Clip(id=plain_text(path.relative_to(root).as_posix()), path=path, start_s=start_s, end_s=end_s)
        for path in paths
    ]


def _paths_of(name: str) -> list[Path]:
    """The file or folder of a name, or all that fit a pattern."""
    with suppress(FileNotFoundError, NotADirectoryError):
        with suppress(PermissionError):  # it may be there; reading it says what is wrong
            os.lstat(name)
        return [_without_dots(Path(name))]
    if ADDRESS.match(name):
        raise DataError(f"{name} is an address, and vidfer downloads no films; save it, and name the file")
    fitting = [_without_dots(Path(path)) for path in sorted(glob.glob(name, recursive=True))]  # noqa: PTH207
    if not fitting:
        raise DataError(
            f"there is no file or folder '{name}', and no file fits it as a pattern; check the path"
        )
    return fitting


def _without_dots(path: Path) -> Path:
    """The same file or folder without ``..`` in its path, which would lead names out of the folder."""
    if ".." not in path.parts:
        return path
    whole = path.name == ".."
    return Path(os.path.realpath(path)) if whole else Path(os.path.realpath(path.parent)) / path.name


def _media(path: Path, told: Listing) -> list[Path]:
    if not os.path.isdir(path):  # noqa: PTH112  # Path.is_dir() fails in a closed folder
        return [path]
    with listing_of(path) as listing:
        media = [one for one in find_media(path) if not _is_predicted(one, path)]
    told.add(listing)
    pictures = [one for one in media if one.parent == path and is_image(one)]
    numbered = [one for one in pictures if one.stem[-1:].isdecimal()]
    if len(numbered) == len(media) > MANY_PICTURES:
        told.note(
            f"{path}: its {len(numbered)} pictures are taken one by one. If they are the frames of one clip, "
            f"name the folder above it, {path.absolute().parent}"
        )
    return media


def _nothing_in(folder: Path) -> str:
    held = ", ".join(entry.name for entry in list_folder(folder)[:3])
    return f"{folder} holds no video and no picture{f', but {held}' if held else ': it is empty'}"


def _note_of_copies(paths: Iterable[Path]) -> list[str]:
    copies = find_copies(paths)
    if not copies:
        return []
    copy, original = copies[0]
    more = f" {len(copies) - 1:,} more do so, too;" if len(copies) > 1 else ""
    return [f"{copy} seems to be a copy of {original};{more} each of them is predicted, and counts"]


def _is_predicted(media: Path, root: Path) -> bool:
    """Whether a prediction below ``root`` has written it: it lies in films/ beside the prediction."""
    homes = [folder.parent for folder in media.relative_to(root).parents if folder.name == FILMS]
    return any(os.path.exists(root / home / PREDICTION) for home in homes)  # noqa: PTH110  # never an error
