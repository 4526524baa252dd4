"""What sources that walk through folders share: checks of the root, ids, subjects, clips under a folder."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from vidfer.clips.clip import Clip
from vidfer.clips.marks import other_source
from vidfer.clips.media import holds_only_frames, is_image, is_video, visible
from vidfer.errors import VidferError
from vidfer.tables import read_table

ARCHIVE_SUFFIXES = frozenset({".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"})


DRAWN = "truth/settings.json"
"""Lies in the folders that ``vidfer actors`` wrote."""

NEAR = 200
"""So many folders are looked into for the right root, when the given one is wrong."""


def name_drawn(clips: list[Clip]) -> list[Clip]:
    """Clips, those that ``vidfer actors`` drew of source ``actors``, whatever they were read as.

    So no figure on them can be taken for one on people.
    """

    @cache
    def is_drawn(folder: Path) -> bool:
        return (folder / DRAWN).is_file() or (folder != folder.parent and is_drawn(folder.parent))

    drawn = [is_drawn(clip.path.absolute().parent) for clip in clips]
    return [replace(clip, source="actors") if here else clip for clip, here in zip(clips, drawn)]


def clip_id(path: Path, root: Path) -> str:
    """The id of a clip that is a file or folder below the root: its relative path with forward slashes."""
    return path.relative_to(root).as_posix()


def check_folder(root: Path, looked_for: str) -> None:
    """Raise a VidferError that tells the remedy unless the root is a folder with something in it.

    Args:
        looked_for: the layout in words, for the message.
    """
    if not root.exists():
        raise VidferError(f"there is no folder {root}; give the folder that holds {looked_for}")
    if not root.is_dir():
        if root.suffix.lower() in ARCHIVE_SUFFIXES:
            raise VidferError(f"{root} is an archive; unpack it and give the folder that holds {looked_for}")
        raise VidferError(f"{root} is a file; give the folder that holds {looked_for}")
    if not visible(root):
        raise VidferError(f"the folder {root} is empty; give the folder that holds {looked_for}")


def check_part(source: str, part: str | None, parts: Collection[str]) -> None:
    """Raise a VidferError unless ``part``, which stood behind the source's name, is one of ``parts``."""
    if part is not None and part not in parts:
        choice = ", ".join(f"{source}:{name}" for name in parts)
        raise VidferError(f"there is no '{source}:{part}'; choose one of {choice}, or {source} alone")


def nothing_found(root: Path, looked_for: str) -> VidferError:
    """The error for a root with other things in it than clips: says what was found and where clips may be."""
    entries = visible(root)
    archives = [path.name for path in entries if path.suffix.lower() in ARCHIVE_SUFFIXES]
    if archives:
        return VidferError(
            f"no clip in {root}, but the archive {archives[0]}; unpack it there. Looked for {looked_for}"
        )
    names = ", ".join(path.name + "/" * path.is_dir() for path in entries[:6])
    more = f" and {len(entries) - 6} more" if len(entries) > 6 else ""
    other = other_source((path.name for path in entries), looked_for)
    return VidferError(f"no clip in {root}, which holds {names}{more}; looked for {looked_for}{other}")


def wrong_root(root: Path, is_root: Callable[[Path], bool], looked_for: str) -> VidferError:
    """The error for a root where the layout does not begin: names the right folder if it is near.

    Args:
        is_root: whether the layout begins in a folder.
        looked_for: the layout in words.
    """

    def begins(folder: Path) -> bool:
        try:
            return is_root(folder)
        except OSError:  # a folder above or below that is not ours to read
            return False

    for above in list(root.absolute().parents)[:3]:
        if begins(above):
            return VidferError(f"{root} lies too low, inside the data set; give {above}")
    below = [path for path in visible(root) if path.is_dir()][:NEAR]
    for folder in [*below, *(inner for path in below for inner in path.iterdir() if inner.is_dir())][:NEAR]:
        if begins(folder):
            return VidferError(f"{root} is too high; give {folder}, which holds {looked_for}")
    return nothing_found(root, looked_for)


def absent_clips(absent: Collection[str | Path], listed: int, table: Path, remedy: str) -> VidferError:
    """The error for clips that an annotation lists and that are not on disk."""
    first = next(iter(absent))
    return VidferError(
        f"{len(absent)} of the {listed} clips in {table} are not there, first {first}; {remedy}"
    )


def media_under(folder: Path) -> Iterator[Path]:
    """Clips below a folder at any depth, in natural order.

    Each video is a clip; each image that lies directly in ``folder`` is a clip of one frame; a folder below
    it that holds only images is one clip, its images being the frames.
    """
    for path in visible(folder):
        if path.is_dir():
            if holds_only_frames(path):
                yield path
            else:
                yield from media_under(path)
        elif is_video(path) or is_image(path):
            yield path


def name_subjects(clips: list[Clip], table: Path) -> list[Clip]:
    """Clips with the subjects that a file ``id,subject`` names; a clip that it leaves out keeps its own.

    Raises:
        VidferError: the table lacks a column.
    """
    rows = read_table(table, ("id", "subject"))
    subjects = {row["id"]: row["subject"] or None for row in rows}
    return [replace(clip, subject=subjects.get(clip.id, clip.subject)) for clip in clips]
