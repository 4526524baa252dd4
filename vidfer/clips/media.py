"""Finds videos, images and folders of frames on the disk."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

VIDEO_SUFFIXES = frozenset(
    {".3gp", ".asf", ".avi", ".divx", ".f4v", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4"}
    | {".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".vob", ".webm", ".wmv"}
)
"""How names of videos end, in lower case. Whether a video can be read shows when it is read."""

IMAGE_SUFFIXES = frozenset(
    {".bmp", ".jpe", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
"""How names of images end, in lower case."""


def is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEO_SUFFIXES


def is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES


def list_folder(folder: Path) -> list[Path]:
    """Lists what lies directly in a folder, in natural order, without hidden files such as ``._face.jpg``."""
    return sorted((path for path in folder.iterdir() if not path.name.startswith(".")), key=natural_key)


def natural_key(path: Path) -> tuple:
    """The sorting key that orders numbers in names by their value: ``frame2.jpg`` before ``frame10.jpg``."""
    parts = re.split(r"(\d+)", path.name)
    return tuple(int(part) if i % 2 else part for i, part in enumerate(parts)), path.name


def frame_paths(folder: Path) -> list[Path]:
    """Lists the images that lie directly in a folder of frames, in natural order."""
    return [path for path in list_folder(folder) if is_image(path)]


def holds_only_frames(folder: Path) -> bool:
    """Whether a folder is a clip of frames: it holds at least one image, and no video or folder."""
    images = False
    # scandir knows which entries are folders. It saves a system call for each of maybe a million frames.
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir() or is_video(Path(entry.name)):
                return False
            images = images or is_image(Path(entry.name))
    return images


def find_media(folder: Path) -> Iterator[Path]:
    """Finds clips below a folder at any depth, in natural order.

    Each video is a clip. Each image that lies directly in ``folder`` is a clip of one frame. A folder below
    it that holds only images is one clip, and its images are the frames.
    """
    for path in list_folder(folder):
        if path.is_dir():
            if holds_only_frames(path):
                yield path
            else:
                yield from find_media(path)
        elif is_video(path) or is_image(path):
            yield path


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
