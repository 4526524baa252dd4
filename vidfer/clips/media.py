"""Finds videos, images and folders of frames on the disk."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from vidfer.clips.listing import (
    EMPTY,
    HEIC,
    INSIDE_CLIP,
    LINKED,
    OTHER,
    POSTER,
    SYSTEM,
    SYSTEM_NAMES,
    this_listing,
)

VIDEO_SUFFIXES = frozenset(
    {
        ".264",
        ".3g2",
        ".3gp",
        ".3gpp",
        ".asf",
        ".avi",
        ".divx",
        ".dv",
        ".f4v",
        ".flv",
        ".gif",
        ".h264",
        ".hevc",
    }
    | {".m1v", ".m2t", ".m2ts", ".m2v", ".m4s", ".m4v", ".mjpeg", ".mjpg", ".mk3d", ".mkv", ".mov"}
    | {".mp4", ".mpe", ".mpeg", ".mpg", ".mpv", ".mts", ".mxf", ".nut", ".ogv", ".qt", ".rm", ".ts", ".vob"}
    | {".webm", ".wmv", ".wtv", ".y4m"}
)
"""How names of videos end, in lower case. Whether a video can be read shows when it is read."""

VCD_STARTS = (b"RIFF", b"\x00\x00\x01\xba")
"""How a Video CD's ``.dat`` begins; most other files of that name hold data."""

IMAGE_SUFFIXES = frozenset(
    {".apng", ".avif", ".bmp", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif"}
    | {".tiff", ".webp"}
)
"""How names of images end, in lower case."""

UNREADABLE_IMAGE_SUFFIXES = frozenset({".heic", ".heif"})


def is_video(path: Path) -> bool:
    suffix = path.suffix.lower()
    return suffix in VIDEO_SUFFIXES or (suffix == ".dat" and _is_vcd(path))


def is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES


def _is_vcd(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) in VCD_STARTS
    except OSError:
        return False


def list_folder(folder: Path) -> list[Path]:
    """Lists what lies directly in a folder, in natural order.

    Left out are hidden files such as ``._face.jpg``, what systems make
    (:data:`~vidfer.clips.listing.SYSTEM_NAMES`), and links to folders that are listed by another way.
    """
    return list(list_kinds(folder))


def list_kinds(folder: Path) -> dict[Path, bool]:
    """What :func:`list_folder` lists, and whether each of it is a folder.

    The folder above tells this also of a folder that cannot be looked at, such as one on a disk that is gone.
    """
    kinds = {folder / entry.name: _is_folder(entry) for entry in _scan(folder)}
    return {path: kinds[path] for path in sorted(kinds, key=natural_key)}


def _scan(folder: Path) -> Iterator[os.DirEntry]:
    """The entries of :func:`list_folder` in the order of the disk.

    An entry knows whether it is a folder or a link. This saves a system call for each of maybe a million
    frames.
    """
    listing, links = this_listing(folder), []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name.lower() in SYSTEM_NAMES:
                listing.skip(SYSTEM, folder / entry.name)
            elif entry.is_symlink() and _is_folder(entry):
                links.append(entry)
            elif _is_folder(entry) and listing.is_listed_through_a_link(folder / entry.name):
                listing.skip(LINKED, folder / entry.name)
            else:
                yield entry
    for entry in sorted(links, key=lambda entry: entry.name):  # of two to one folder, the same on every disk
        if reason := listing.enter_link(folder / entry.name):
            listing.skip(reason, folder / entry.name)
        else:
            yield entry


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle
        return False


def natural_key(path: Path) -> tuple:
    """The sorting key that orders numbers in names by their value: ``frame2.jpg`` before ``frame10.jpg``."""
    parts = re.split(r"(\d+)", path.name)
    return tuple(int(part) if i % 2 else part for i, part in enumerate(parts)), path.name


def frame_paths(folder: Path) -> list[Path]:
    """Lists the images that lie directly in a folder of frames, in natural order."""
    return [path for path in list_folder(folder) if is_image(path)]


def is_frame_folder(folder: Path) -> bool:
    """Whether a folder is a clip of frames: it holds images and no video.

    Folders beside the frames (``flow/``, an empty ``new/``) change nothing. Only where a single image stands
    beside folders with images or videos in them, the folder is taken for one that holds clips. A folder that
    cannot be read is one: reading the clip says why.
    """
    n_images, inner = 0, []
    try:
        entries = list(_scan(folder))
    except OSError:
        return True
    for entry in entries:
        path = folder / entry.name
        if _is_folder(entry):
            inner.append(path)
        elif is_video(path):
            return False
        else:
            n_images += is_image(path)
    if not n_images:
        return False
    if n_images == 1 and any(any(find_media(path)) for path in inner):
        return False
    for path in inner:
        this_listing(folder).skip(INSIDE_CLIP, path)
    return True


def without_posters(entries: Iterable[Path]) -> list[Path]:
    """The entries of a folder without the pictures that stand for a video (``a.jpg`` beside ``a.mp4``)."""
    entries = list(entries)
    videos = {name for path in entries if is_video(path) for name in (path.stem.lower(), path.name.lower())}
    kept = []
    for path in entries:
        if videos and path.stem.lower() in videos and _is_picture(path):
            this_listing(path.parent).skip(POSTER, path)
        else:
            kept.append(path)
    return kept


def _is_picture(path: Path) -> bool:
    return is_image(path) or path.suffix.lower() in UNREADABLE_IMAGE_SUFFIXES


def find_media(folder: Path) -> Iterator[Path]:
    """Finds clips below a folder at any depth, in natural order.

    Each video is a clip; a picture of its name beside it is none (:func:`without_posters`). Each other image
    that lies directly in ``folder`` is a clip of one frame. A folder of frames below it
    (:func:`is_frame_folder`) is one clip. So is a folder that cannot be read.
    """
    try:
        kinds = list_kinds(folder)
    except OSError:
        yield folder
        return
    if not kinds:
        this_listing(folder).skip(EMPTY, folder)
    for path in without_posters(kinds):
        if kinds[path]:
            if is_frame_folder(path):
                yield path
            else:
                yield from find_media(path)
        elif is_video(path) or is_image(path):
            yield path
        else:
            is_heic = path.suffix.lower() in UNREADABLE_IMAGE_SUFFIXES
            this_listing(folder).skip(HEIC if is_heic else OTHER, path)


def video_header(path: Path) -> tuple[float, int] | None:
    """Reads a video's header: mean frames per second, and the number of frames (0 where it does not say).

    None for a video whose header cannot be read.
    """
    # Imported here, because the command line imports this module and must start fast.
    import av

    try:
        with av.open(str(path.absolute()), options={"protocol_whitelist": "file"}) as container:
            stream = container.streams.video[0] if container.streams.video else None
            rate, n_frames = (stream.average_rate, stream.frames) if stream else (None, 0)
    except (av.FFmpegError, OSError, ValueError):
        return None
    return (float(rate), n_frames) if rate else None
