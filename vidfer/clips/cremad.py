"""CREMA-D: sentences spoken with six emotions (Cao et al., IEEE Transactions on Affective Computing 2014)."""

from __future__ import annotations

import re
from pathlib import Path

from vidfer.clips.about import About
from vidfer.clips.clip import Clip
from vidfer.clips.listing import check_folder, clip_id, wrong_root
from vidfer.clips.media import is_video, visible
from vidfer.errors import VidferError

ABOUT = About(
    layout="VideoFlash/1001_DFA_ANG_XX.flv, or a folder of the same names as .mp4 or .avi",
    labels="third part of the file name; no surprise",
    size="7,442 clips of 91 actors",
    licence="Open Database License: free to use and share, name the source, share databases alike",
)

EMOTIONS = {"ANG": "angry", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}

NAME = re.compile(r"(?P<actor>1\d{3})_[A-Z]{3}_(?P<emotion>ANG|DIS|FEA|HAP|NEU|SAD)_[A-Z]{1,2}")
"""Actor, sentence, emotion, level (LO, MD, HI, or XX when none was asked for)."""

LOOKED_FOR = "VideoFlash/ of CREMA-D with videos such as 1001_DFA_ANG_XX.flv"

POINTER = b"version https://git-lfs"
"""What a file of the repository says as long as Git LFS has not fetched it."""


def cremad(root: Path) -> list[Clip]:
    """Videos of CREMA-D with the actor as subject; the label is what the actor was asked to show.

    The root is the data set, or any folder of its videos. CREMA-D has no split.

    Raises:
        VidferError: one level too high or too low, two folders with videos, only sound, videos that Git LFS
            has not fetched.
    """
    check_folder(root, LOOKED_FOR)
    everywhere = [root, *(path for path in visible(root) if path.is_dir())]
    folders = [folder for folder in everywhere if _videos(folder)]
    if not folders:
        if any(NAME.fullmatch(path.stem) for folder in everywhere for path in visible(folder)):
            raise VidferError(f"{root} holds CREMA-D's sound alone; get the folder VideoFlash/")
        raise wrong_root(root, _is_root, LOOKED_FOR)
    if len(folders) > 1:
        names = " and ".join(f"{path.name}/" for path in folders[:2])
        raise VidferError(f"{root} has CREMA-D's videos in {names}; give one of these folders")
    videos = _videos(folders[0])
    pointers = [
        path for path in videos if path.stat().st_size < 1024 and path.read_bytes().startswith(POINTER)
    ]
    if pointers:
        raise VidferError(
            f"{len(pointers)} of {len(videos)} videos in {folders[0]} have not been fetched by Git LFS, "
            f"first {pointers[0].name}; run `git lfs pull` there"
        )
    strangers = [path for path in visible(folders[0]) if is_video(path) and path not in set(videos)]
    if strangers:
        raise VidferError(
            f"{len(strangers)} videos are not named as CREMA-D's (1001_DFA_ANG_XX.flv), "
            f"first {strangers[0]}; move them away, or use --src folder"
        )
    return [_clip(path, root) for path in videos]


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
    return [path for path in visible(folder) if is_video(path) and NAME.fullmatch(path.stem)]


def _is_root(folder: Path) -> bool:
    return (folder / "VideoFlash").is_dir() or bool(_videos(folder))
