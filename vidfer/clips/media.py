"""Which files are videos, which are images, and what a folder of frames holds."""

from __future__ import annotations

import os
import re
from pathlib import Path

VIDEO_SUFFIXES = frozenset(
    {".3gp", ".asf", ".avi", ".divx", ".f4v", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4"}
    | {".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".vob", ".webm", ".wmv"}
)
"""Names of videos end so, in lower case; whether one can be read is found when it is read."""

IMAGE_SUFFIXES = frozenset(
    {".bmp", ".jpe", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
"""Names of images end so, in lower case."""


def is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEO_SUFFIXES


def is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES


def visible(folder: Path) -> list[Path]:
    """What lies directly in a folder, in natural order, without hidden entries such as ``._face.jpg``."""
    return sorted((path for path in folder.iterdir() if not path.name.startswith(".")), key=natural_key)


def natural_key(path: Path) -> tuple:
    """Sorts numbers in names by their value: ``frame2.jpg`` before ``frame10.jpg``."""
    parts = re.split(r"(\d+)", path.name)
    return tuple(int(part) if i % 2 else part for i, part in enumerate(parts)), path.name


def frame_paths(folder: Path) -> list[Path]:
    """The images that lie directly in a folder of frames, in natural order of their names."""
    return [path for path in visible(folder) if is_image(path)]


def holds_only_frames(folder: Path) -> bool:
    """Whether a folder is a clip of frames: at least one image, and no video or folder beside the images."""
    images = False
    with os.scandir(folder) as entries:  # knows folders without asking for each of a million frames
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir() or is_video(Path(entry.name)):
                return False
            images = images or is_image(Path(entry.name))
    return images


def video_header(path: Path) -> tuple[float, int] | None:
    """Mean frame rate and number of frames (0 if unsaid) by a video's header, or None if it is unreadable."""
    # Only here, because the command line imports this module for its lists of suffixes.
    import av

    try:
        with av.open(str(path.absolute()), options={"protocol_whitelist": "file"}) as container:
            stream = container.streams.video[0] if container.streams.video else None
            rate, n_frames = (stream.average_rate, stream.frames) if stream else (None, 0)
    except (av.FFmpegError, OSError, ValueError):
        return None
    return (float(rate), n_frames) if rate else None
