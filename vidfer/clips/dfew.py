"""DFEW: dynamic facial expressions in the wild, from films (Jiang et al., ACM Multimedia 2020)."""

from __future__ import annotations

from pathlib import Path

from vidfer.clips.about import About
from vidfer.clips.clip import Clip
from vidfer.clips.labels import numbered_label
from vidfer.clips.listing import (
    absent_clips,
    check_folder,
    check_part,
    clip_id,
    media_under,
    nothing_found,
    wrong_root,
)
from vidfer.clips.media import is_video
from vidfer.errors import VidferError
from vidfer.tables import iterate_rows

ABOUT = About(
    layout="Clip/original/1.mp4 or Clip/clip_224x224/00001/*.jpg, EmoLabel_DataSplit/train(single-labeled)/"
    "set_1.csv and test(single-labeled)/set_1.csv",
    labels="the set's tables (1 happy, 2 sad, 3 neutral, 4 angry, 5 surprise, 6 disgust, 7 fear)",
    size="16,372 clips from films, 11,697 of them in the tables",
    licence="on request from its authors, non-commercial research and education only",
    parts="dfew:1 to dfew:5 name the official set; dfew alone is dfew:1",
)

LABELS = {1: "happy", 2: "sad", 3: "neutral", 4: "angry", 5: "surprise", 6: "disgust", 7: "fear"}

KINDS = ("original", "clip_224x224", "clip_224x224_16f")
"""Folders below Clip/: the clips, their aligned faces frame by frame, and 16 aligned faces of each."""

LOOKED_FOR = "Clip/ and EmoLabel_DataSplit/ of DFEW"


def dfew(root: Path, part: str | None = None) -> list[Clip]:
    """Clips of DFEW with the split of one of its five official sets; subjects are unknown.

    Clips are taken from the first of ``Clip/original``, ``Clip/clip_224x224`` and ``Clip/clip_224x224_16f``
    that is there; to choose one, give that folder as the root. ``part`` is the set, 1 to 5: its ``train``
    and ``test`` tables. Clips outside the tables (more than one emotion) are ``unlabelled``.

    Raises:
        VidferError: clips or tables are missing, one level too high or too low, a zip not unpacked, a row
            that cannot be read or whose clip is absent.
    """
    check_part("dfew", part, [str(number) for number in range(1, 6)])
    check_folder(root, LOOKED_FOR)
    above = root.absolute().parent.parent
    below = root.absolute().name in KINDS and _is_root(above)
    home = above if below else root
    if not _is_root(home):
        raise wrong_root(root, _is_root, LOOKED_FOR)
    for folder in ("Clip", "EmoLabel_DataSplit"):
        if not (home / folder).is_dir():
            raise VidferError(f"{home} lacks the folder {folder}/; unpack this part of DFEW there")
    folder = root if below else next((f for k in KINDS if (f := home / "Clip" / k).is_dir()), home / "Clip")
    paths = {int(path.stem): path for path in media_under(folder) if path.stem.isdecimal()}
    if not paths:
        raise nothing_found(folder, "original/1.mp4 or clip_224x224/00001/")
    rows = {}
    for split in ("train", "test"):
        table = _table(home / "EmoLabel_DataSplit", split, part or "1")
        listed = _read_rows(table)
        absent = [number for number in listed if number not in paths]
        if absent:
            raise absent_clips(absent, len(listed), table, f"unpack all of DFEW's zips in {folder}")
        rows.update({number: (split, label) for number, label in listed.items()})
    return [
        Clip(
            id=clip_id(path, root),
            path=path,
            label=rows.get(number, ("unlabelled", None))[1],
            split=rows.get(number, ("unlabelled", None))[0],
            whole_face=not is_video(path),
            source="dfew",
        )
        for number, path in paths.items()
    ]


def _is_root(folder: Path) -> bool:
    return (folder / "EmoLabel_DataSplit").is_dir() or any(
        (folder / "Clip" / kind).is_dir() for kind in KINDS
    )


def _table(folder: Path, split: str, number: str) -> Path:
    """The table of a split; DFEW's own pages spell its folder in two ways."""
    names = (f"{split}(single-labeled)", f"{split}(single_labeled)")
    found = [file for name in names if (file := folder / name / f"set_{number}.csv").is_file()]
    if found:
        return found[0]
    inner = next((folder / name for name in names if (folder / name).is_dir()), folder)
    raise nothing_found(inner, f"the table {names[0]}/set_{number}.csv of DFEW")


def _read_rows(table: Path) -> dict[int, str]:
    """The label of each clip by its number."""
    rows = {}
    for index, (where, row) in enumerate(iterate_rows(table)):
        name = Path(row[0]).stem
        if index == 0 and not name.isdecimal():
            continue  # the header video_name,label
        if len(row) < 2 or not name.isdecimal():
            raise VidferError(f"{where} is '{','.join(row)}'; DFEW's are like 2522,6")
        rows[int(name)] = numbered_label(row[1], LABELS, where)
    return rows
