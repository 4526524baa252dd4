"""CREMA-D: sentences spoken with six emotions (Cao et al., IEEE Transactions on Affective Computing 2014)."""

from __future__ import annotations

import re
from pathlib import Path

from vidfer.clips.clip import Clip, clip_id
from vidfer.clips.media import is_video, list_folder
from vidfer.clips.root_checks import check_folder, wrong_root
from vidfer.clips.source import Source
from vidfer.errors import DataError

EMOTIONS = {"ANG": "angry", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}

NAME = re.compile(r"(?P<actor>1\d{3})_[A-Z]{3}_(?P<emotion>ANG|DIS|FEA|HAP|NEU|SAD)_[A-Z]{1,2}")
"""Actor, sentence, emotion, level (LO, MD, HI, or XX where no level was requested)."""

EXAMPLE = "1001_DFA_ANG_XX.flv"

LAYOUT = f"VideoFlash/ of CREMA-D with videos such as {EXAMPLE}"

LFS_POINTER = b"version https://git-lfs"
"""How a file of the repository begins until Git LFS has fetched its content."""


def find_cremad(root: Path) -> list[Clip]:
    """Lists the videos of CREMA-D, with the actor as subject and the emotion that the actor was to show.

    The root is the data set, or any folder of its videos. CREMA-D has no split.

    Raises:
        DataError: the root is wrong, has two folders with videos, or only sound; or Git LFS has not fetched
            the videos.
    """
    check_folder(root, LAYOUT)
    folders = [root, *(path for path in list_folder(root) if path.is_dir())]
    with_videos = [folder for folder in folders if _videos(folder)]
    if not with_videos:
        if any(NAME.fullmatch(path.stem) for folder in folders for path in list_folder(folder)):
            raise DataError(f"{root} holds only the sound of CREMA-D; get the folder VideoFlash/")
        raise wrong_root(root, _is_root, LAYOUT)
    if len(with_videos) > 1:
        names = " and ".join(f"{path.name}/" for path in with_videos[:2])
        raise DataError(f"{root} has videos of CREMA-D in {names}; give one of these folders")
    videos = _videos(with_videos[0])
    _check_videos(with_videos[0], videos)
    return [_clip(path, root) for path in videos]


def _check_videos(folder: Path, videos: list[Path]) -> None:
    pointers = [
        path for path in videos if path.stat().st_size < 1024 and path.read_bytes().startswith(LFS_POINTER)
    ]
    if pointers:
        raise DataError(
            f"Git LFS has not fetched {len(pointers)} of the {len(videos)} videos in {folder}; the first is "
            f"{pointers[0].name}. Run `git lfs pull` there"
        )
    others = [path for path in list_folder(folder) if is_video(path) and path not in set(videos)]
    if others:
        raise DataError(
            f"{len(others)} videos have names that CREMA-D does not have (such as {EXAMPLE}); the first is "
            f"{others[0]}. Move them away, or use --src folder"
        )


def _clip(path: Path, root: Path) -> Clip:
    match = NAME.fullmatch(path.stem)
    return Clip(
        id=clip_id(path, root),
        path=path,
        label=EMOTIONS[match["emotion"]],
        subject=match["actor"],
        source="cremad",
    )


def _videos(folder: Path) -> list[Path]:
    return [path for path in list_folder(folder) if is_video(path) and NAME.fullmatch(path.stem)]


def _is_root(folder: Path) -> bool:
    return (folder / "VideoFlash").is_dir() or bool(_videos(folder))


CREMAD = Source(
    find=find_cremad,
    layout=f"VideoFlash/{EXAMPLE}, or a folder of the same names as .mp4 or .avi",
    labels="third part of the file name; no surprise",
    size="7,442 clips of 91 actors",
    licence="Open Database License: free to use and share, name the source, share databases alike",
    marks=("VideoFlash",),
)
