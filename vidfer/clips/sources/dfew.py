"""DFEW: dynamic facial expressions in the wild, from films (Jiang et al., ACM Multimedia 2020)."""

from __future__ import annotations

from pathlib import Path

from vidfer.clips.clip import Clip, clip_id
from vidfer.clips.labels import label_of_number
from vidfer.clips.media import find_media, is_video
from vidfer.clips.root_checks import check_folder, check_part, missing_clips, nothing_found, wrong_root
from vidfer.clips.source import Source
from vidfer.errors import DataError
from vidfer.tables import iterate_rows

LABELS = {1: "happy", 2: "sad", 3: "neutral", 4: "angry", 5: "surprise", 6: "disgust", 7: "fear"}

N_FOLDS = 5

KINDS = ("original", "clip_224x224", "clip_224x224_16f")
"""Folders below Clip/: the clips, all their aligned faces, and 16 aligned faces of each clip."""

CLIPS, TABLES = "Clip", "EmoLabel_DataSplit"

LAYOUT = f"{CLIPS}/ and {TABLES}/ of DFEW"


def find_dfew(root: Path, part: str | None = None) -> list[Clip]:
    """Lists the clips of DFEW, with the split of one of its five official sets. The subjects are unknown.

    The clips are taken from the first of ``Clip/original``, ``Clip/clip_224x224`` and
    ``Clip/clip_224x224_16f`` that is there. To choose one, give that folder as the root. The part is the
    number of the set, 1 to 5; its tables say what is ``train`` and ``test``. Clips in none of the tables show
    more than one emotion, and are ``unlabelled``.

    Raises:
        SettingError: there is no such part.
        DataError: the root is wrong; clips or tables are missing or packed, or a row cannot be read.
    """
    check_part("dfew", part, [str(number) for number in range(1, N_FOLDS + 1)])
    check_folder(root, LAYOUT)
    two_above = root.absolute().parent.parent
    root_is_a_kind = root.absolute().name in KINDS and _is_root(two_above)
    home = two_above if root_is_a_kind else root
    if not _is_root(home):
        raise wrong_root(root, _is_root, LAYOUT)
    for folder in (CLIPS, TABLES):
        if not (home / folder).is_dir():
            raise DataError(f"{home} has no folder {folder}/; unpack this part of DFEW there")
    folder = root if root_is_a_kind else _first_kind(home / CLIPS)
    paths = {int(path.stem): path for path in find_media(folder) if _is_clip(path, folder)}
    if not paths:
        raise nothing_found(folder, "original/1.mp4 or clip_224x224/00001/")
    listed: dict[int, tuple[str, str]] = {}
    for split in ("train", "test"):
        table = _find_table(home / TABLES, split, part or "1")
        labels = _read_labels(table)
        missing = [number for number in labels if number not in paths]
        if missing:
            raise missing_clips(missing, len(labels), table, f"Unpack all of DFEW's zips in {folder}")
        listed |= {number: (split, label) for number, label in labels.items()}
    clips = []
    for number, path in paths.items():
        split, label = listed.get(number, ("unlabelled", None))
        clips.append(
            Clip(
                id=clip_id(path, root),
                path=path,
                label=label,
                split=split,
                whole_face=not is_video(path),
                source="dfew",
            )
        )
    return clips


def _is_clip(path: Path, folder: Path) -> bool:
    """Whether a path is named by a number; what lies inside a numbered folder belongs to that clip."""
    above = path.relative_to(folder).parts[:-1]
    return path.stem.isdecimal() and not any(name.isdecimal() for name in above)


def _is_root(folder: Path) -> bool:
    return (folder / TABLES).is_dir() or any((folder / CLIPS / kind).is_dir() for kind in KINDS)


def _first_kind(clips: Path) -> Path:
    return next((folder for kind in KINDS if (folder := clips / kind).is_dir()), clips)


def _find_table(folder: Path, split: str, number: str) -> Path:
    """The table of a split of a set. DFEW's own pages spell its folder in two ways."""
    names = (f"{split}(single-labeled)", f"{split}(single_labeled)")
    for name in names:
        table = folder / name / f"set_{number}.csv"
        if table.is_file():
            return table
    inner = next((folder / name for name in names if (folder / name).is_dir()), folder)
    raise nothing_found(inner, f"the table {names[0]}/set_{number}.csv of DFEW")


def _read_labels(table: Path) -> dict[int, str]:
    """The label of each clip, by the number of the clip."""
    labels = {}
    for index, (where, cells) in enumerate(iterate_rows(table)):
        name = Path(cells[0]).stem
        if index == 0 and not name.isdecimal():
            continue  # the header video_name,label
        if len(cells) < 2 or not name.isdecimal():
            raise DataError(f"{where} is '{','.join(cells)}'; DFEW's rows are like 2522,6")
        labels[int(name)] = label_of_number(cells[1], LABELS, where)
    return labels


DFEW = Source(
    find=find_dfew,
    layout="Clip/original/1.mp4 or Clip/clip_224x224/00001/*.jpg, EmoLabel_DataSplit/train(single-labeled)/"
    "set_1.csv and test(single-labeled)/set_1.csv",
    labels="the set's tables (1 happy, 2 sad, 3 neutral, 4 angry, 5 surprise, 6 disgust, 7 fear)",
    size="16,372 clips from films, 11,697 of them in the tables",
    licence="on request from its authors, non-commercial research and education only",
    parts="dfew:1 to dfew:5 name the official set; dfew alone is dfew:1",
    n_folds=N_FOLDS,
    marks=(TABLES,),
)
