"""RAVDESS: emotional speech and song by actors (Livingstone and Russo, PLOS ONE 2018)."""

from __future__ import annotations

import re
from pathlib import Path

from vidfer.clips.clip import Clip, clip_id
from vidfer.clips.labels import canonical_label
from vidfer.clips.media import is_video, list_folder
from vidfer.clips.root_checks import check_folder, check_part, nothing_found, wrong_root
from vidfer.clips.source import Source
from vidfer.errors import DataError

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

NAME = re.compile(
    r"0[123]-(?P<performance>(?P<channel>0[12])-(?P<emotion>0[1-8])-0[12]-0[12]-0[12]-(?P<actor>\d\d))"
)
"""Modality, channel, emotion, intensity, statement, repetition, actor."""

EXAMPLE = "01-01-03-01-02-01-01.mp4"

ACTOR = re.compile(r"Actor_\d\d")
ZIP = re.compile(r"Video_(Speech|Song)_Actor_\d\d")
"""A zip holds ``Actor_01/``; many programs unpack it into a folder with the name of the zip."""

LAYOUT = "Actor_01/ to Actor_24/, or Video_Speech_Actor_01/ and so on, of RAVDESS"


def find_ravdess(root: Path, part: str | None = None) -> list[Clip]:
    """Lists the performances of RAVDESS, one clip each, with the actor as subject.

    A performance was published with sound (01), without sound (02) and as sound alone (03). 01 and 02 show
    the same pictures. So a performance with both is one clip, 01: as two clips it could be both in the
    support set and a query of one episode. Sound alone is left out. The part ``speech`` or ``song`` takes
    one channel.

    Raises:
        SettingError: there is no such part.
        DataError: the root is wrong or has only sound, a video has another name, or a video is there twice.
    """
    check_part("ravdess", part, CHANNELS)
    check_folder(root, LAYOUT)
    if not _is_root(root):
        raise wrong_root(root, _is_root, LAYOUT)
    if ZIP.fullmatch(root.absolute().name):
        raise DataError(f"{root} is one zip of many; give the folder above it, {root.absolute().parent}")
    found: dict[str, Path] = {}
    others: list[Path] = []
    sounds: list[Path] = []
    for path in sorted(_files(root), key=lambda path: path.name):
        match = NAME.fullmatch(path.stem)
        if match is None:
            others += [path] if is_video(path) else []
        elif not is_video(path):
            sounds.append(path)
        elif part is None or match["channel"] == CHANNELS[part]:
            first = found.setdefault(match["performance"], path)
            if first.stem == path.stem and first != path:
                raise DataError(f"{first} and {path} are the same video; move one of them away")
    if others:
        raise DataError(
            f"{len(others)} videos have names that RAVDESS does not have (such as {EXAMPLE}); the first is "
            f"{others[0]}. Move them out of {root}, or use --src folder"
        )
    if not found and sounds:
        raise DataError(
            f"{root} holds sound of RAVDESS, such as {sounds[0].name}, and no video; get the videos, "
            "Video_Speech_Actor_01.zip and so on"
        )
    if not found:
        raise nothing_found(root, LAYOUT if part is None else f"videos of RAVDESS's {part}")
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
    zips = [path for path in list_folder(root) if ZIP.fullmatch(path.name) and path.is_dir()]
    entries = [path for folder in (root, *zips) for path in list_folder(folder)]
    actors = [path for path in entries if ACTOR.fullmatch(path.name) and path.is_dir()]
    return [file for folder in (*zips, *actors) for file in list_folder(folder) if file.is_file()]


def _is_root(folder: Path) -> bool:
    return any(
        (ACTOR.fullmatch(path.name) or ZIP.fullmatch(path.name)) and path.is_dir()
        for path in list_folder(folder)
    )


RAVDESS = Source(
    find=find_ravdess,
    layout=f"Actor_01/{EXAMPLE}, or Video_Speech_Actor_01/Actor_01/... as the zips are named",
    labels="third number of the file name; calm is not neutral",
    size="2,452 performances by 24 actors, 1280x720 at 30 fps, each with sound and also without",
    licence="CC BY-NC-SA 4.0: no commercial use, name the authors, share alike",
    parts="ravdess:speech or ravdess:song takes one of the two",
    marks=("Actor_01", "Video_Speech_Actor_01", "Video_Song_Actor_01"),
)
