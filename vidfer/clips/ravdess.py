"""RAVDESS: emotional speech and song by actors (Livingstone and Russo, PLOS ONE 2018)."""

from __future__ import annotations

import re
from pathlib import Path

from vidfer.clips.about import About
from vidfer.clips.clip import Clip
from vidfer.clips.labels import canonical_label
from vidfer.clips.listing import check_folder, check_part, clip_id, nothing_found, wrong_root
from vidfer.clips.media import is_video, visible
from vidfer.errors import VidferError

ABOUT = About(
    layout="Actor_01/01-01-03-01-02-01-01.mp4, or Video_Speech_Actor_01/Actor_01/... as the zips are named",
    labels="third number of the file name; calm stays apart from neutral",
    size="2,452 performances by 24 actors, 1280x720 at 30 fps, each with sound and also without",
    licence="CC BY-NC-SA 4.0: no commercial use, name the authors, share alike",
    parts="ravdess:speech or ravdess:song takes one of the two",
)

EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fearful",
    "07": "disgust",
    "08": "surprised",
}
CHANNELS = {"speech": "01", "song": "02"}

NAME = re.compile(r"0[123]-(?P<channel>0[12])-(?P<emotion>0[1-8])-0[12]-0[12]-0[12]-(?P<actor>\d\d)")
"""Modality, channel, emotion, intensity, statement, repetition, actor."""

ACTOR = re.compile(r"Actor_\d\d")
ZIP = re.compile(r"Video_(Speech|Song)_Actor_\d\d")
"""A zip unpacks to ``Actor_01/``; many tools put it into a folder named as the zip."""

LOOKED_FOR = "Actor_01/ to Actor_24/, or Video_Speech_Actor_01/ and so on, of RAVDESS"


def ravdess(root: Path, part: str | None = None) -> list[Clip]:
    """Performances of RAVDESS, one clip each, with the actor as subject.

    Every performance was published with sound (01), without (02) and as sound alone (03). 01 and 02 show the
    same pictures, so that a performance with both is taken once, from 01: twice it would stand in a support
    set and be asked for as a query. Sound alone is left out. ``part`` is ``speech`` or ``song``.

    Raises:
        VidferError: one level too high or too low, only sound, videos with other names, a video twice.
    """
    check_part("ravdess", part, CHANNELS)
    check_folder(root, LOOKED_FOR)
    if not _is_root(root):
        raise wrong_root(root, _is_root, LOOKED_FOR)
    if ZIP.fullmatch(root.absolute().name):
        raise VidferError(f"{root} is one zip of many; give the folder above it, {root.absolute().parent}")
    found: dict[str, Path] = {}
    strangers, sounds = [], []
    for path in sorted(_files(root), key=lambda path: path.name):
        match = NAME.fullmatch(path.stem)
        if match is None:
            strangers += [path] if is_video(path) else []
        elif not is_video(path):
            sounds.append(path)
        elif part in (None, *(name for name, channel in CHANNELS.items() if channel == match["channel"])):
            first = found.setdefault(path.stem[3:], path)
            if first.stem == path.stem and first != path:
                raise VidferError(f"{first} and {path} are the same video; move one of them away")
    if strangers:
        raise VidferError(
            f"{len(strangers)} videos are not named as RAVDESS's (01-01-03-01-02-01-01.mp4), "
            f"first {strangers[0]}; move them out of {root}, or use --src folder"
        )
    if not found and sounds:
        raise VidferError(
            f"{root} holds files of RAVDESS, such as {sounds[0].name}, and no video; "
            "get the videos, Video_Speech_Actor_01.zip and so on"
        )
    if not found:
        raise nothing_found(root, LOOKED_FOR if part is None else f"videos of RAVDESS's {part}")
    return [_clip(path, root) for path in found.values()]


def _clip(path: Path, root: Path) -> Clip:
    match = NAME.fullmatch(path.stem)
    return Clip(
        id=clip_id(path, root),
        path=path,
        label=canonical_label(EMOTIONS[match["emotion"]]),
        subject=f"Actor_{match['actor']}",
        source="ravdess",
    )


def _files(root: Path) -> list[Path]:
    zips = [path for path in visible(root) if ZIP.fullmatch(path.name) and path.is_dir()]
    folders = [root, *zips]
    actors = [p for folder in folders for p in visible(folder) if ACTOR.fullmatch(p.name) and p.is_dir()]
    return [file for folder in (*zips, *actors) for file in visible(folder) if file.is_file()]


def _is_root(folder: Path) -> bool:
    return any(
        (ACTOR.fullmatch(path.name) or ZIP.fullmatch(path.name)) and path.is_dir() for path in visible(folder)
    )
