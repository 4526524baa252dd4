"""Finds the examples of own expressions: a folder for each, a table, or a dictionary of Python."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from vidfer.clips.clip import Clip, clip_id, plain_text
from vidfer.clips.inputs import PREDICTION
from vidfer.clips.media import find_media, is_frame_folder, list_folder
from vidfer.clips.root_checks import check_folder
from vidfer.clips.sources.prediction import CORRECTIONS, find_prediction_clips
from vidfer.clips.sources.table import SUFFIXES, find_table_clips
from vidfer.errors import DataError
from vidfer.files import sha256_of
from vidfer.infer.support.settings import BACKGROUND, NONE_OF_THESE
from vidfer.names import name_key, other_spellings, spelling_note
from vidfer.tables import Row, number, read_table

LAYOUT = "a folder for each expression, with a few clips or images in it"
RESERVED = ("unsure",)
"""What a prediction says in the place of an expression."""

BOX = ("x", "y", "width", "height")

Given = Mapping[str, Iterable[str | Path | tuple[str | Path, float | None, float | None]]]
"""Name of an expression -> paths of its examples, each with start and end in seconds if only a part of a
video is meant."""


@dataclass(frozen=True)
class Examples:
    """The examples of own expressions, before anything of them is read."""

    classes: tuple[str, ...]
    """The own expressions, in alphabetical order."""
    clips: tuple[Clip, ...]
    """Each example once; a background example has no label."""
    notes: tuple[str, ...]
    """What the user should know, a sentence each."""

    def labels(self) -> list[int]:
        """The number of the class of each example, -1 for a background example."""
        return [-1 if clip.label is None else self.classes.index(clip.label) for clip in self.clips]


def find_examples(given: Path | str | Given, background: Sequence[str] = BACKGROUND) -> Examples:
    """List the examples of own expressions.

    Args:
        given: a folder that holds a folder for each expression, in it clips, images or folders of frames; a
            CSV or Parquet table with ``path`` and ``label``, and if wanted ``start_s``, ``end_s``,
            ``subject``, and ``x``, ``y``, ``width``, ``height`` of the head in pixels; the folder of a
            prediction that people have looked at, whose labelled segments are the examples; or a dictionary.
        background: names of folders or labels, in any spelling, of examples that show none of the
            expressions.

    Raises:
        DataError: there is no expression, or one without an example; the same example shows two expressions;
            a file does not exist.
    """
    if isinstance(given, Mapping):
        clips, empty = _from_mapping(given)
    else:
        clips, empty = _from_path(Path(given))
    used = other_spellings(clip.label for clip in clips)
    notes = [spelling_note("label", used)] if used else []
    plain = {_plain(name) for name in background}
    clips = [_with_label(clip, used, plain) for clip in clips]
    classes = tuple(sorted({clip.label for clip in clips if clip.label is not None}))
    empty = [name for name in empty if _plain(name) not in plain]
    if empty:
        raise DataError(
            f"the expression '{empty[0]}' has no example; put clips or images into its folder, or delete it"
        )
    if not classes:
        raise DataError(
            f"there is no expression to learn, only background examples (named {', '.join(sorted(plain))}); "
            f"give {LAYOUT}"
        )
    for name in classes:
        if name_key(name) in RESERVED:
            raise DataError(f"'{name}' cannot be the name of an expression, as predictions say it; rename it")
    kept, of_doubles = _each_once(clips)
    return Examples(classes, tuple(kept), (*notes, *of_doubles, *_overlaps(kept)))


def _plain(name: str) -> str:
    return name_key("_".join(name.replace("-", " ").replace("_", " ").split()))


def _with_label(clip: Clip, used: Mapping[str, str], background: Collection[str]) -> Clip:
    label = used.get(clip.label, clip.label)
    return replace(clip, label=None if _plain(label) in {*background, _plain(NONE_OF_THESE)} else label)


def _from_path(path: Path) -> tuple[list[Clip], list[str]]:
    """The examples of a folder, a table or a prediction, and the names of folders without any."""
    if path.name == CORRECTIONS and (path.parent / PREDICTION).is_file():
        path = path.parent
    if (path / PREDICTION).is_file():
        labelled = [clip.in_plain_text() for clip in find_prediction_clips(path) if clip.label is not None]
        if not labelled:
            raise DataError(
                f"nobody has given a segment of {path} an expression; do so with `vidfer review {path}`"
            )
        return labelled, []
    if path.suffix.lower() in SUFFIXES and path.is_file():
        return _from_table(path), []
    check_folder(path, LAYOUT)
    folders = [entry for entry in list_folder(path) if entry.is_dir()]
    if not folders:
        tables = [entry for entry in list_folder(path) if entry.suffix.lower() in SUFFIXES]
        if len(tables) == 1:
            return _from_table(tables[0]), []
        raise DataError(f"{path} holds no folder; give {LAYOUT}, or a table with path and label")
    clips, empty = [], []
    for folder in folders:
        name = plain_text(folder.name.strip())
        found = [Clip(id=clip_id(media, path), path=media, label=name) for media in find_media(folder)]
        clips += [clip.in_plain_text() for clip in found]
        if not found:
            empty.append(name)
    return clips, empty


def _from_table(file: Path) -> list[Clip]:
    """The clips of a table, with labels as they are written there."""
    rows = read_table(file, ("path", "label"), ("start_s", "end_s", "subject", *BOX))
    clips = find_table_clips(file)
    for row in rows:
        if not row["label"]:
            raise DataError(f"{row.where} has no label; write the name of the expression, or delete the row")
    return [
        replace(clip, label=plain_text(row["label"]), box_hint=_box(row)).in_plain_text()
        for row, clip in zip(rows, clips, strict=True)
    ]


def _box(row: Row) -> tuple[float, float, float, float] | None:
    texts = [row.get(name, "") for name in BOX]
    if not any(texts):
        return None
    try:
        x, y, width, height = (number(text) for text in texts)
    except ValueError:
        width = height = 0.0
    if not (width > 0 and height > 0):
        raise DataError(f"{row.where}: write x, y, width and height of the head in pixels, or none of them")
    return x, y, x + width, y + height


def _from_mapping(given: Given) -> tuple[list[Clip], list[str]]:
    clips, empty = [], []
    for name, paths in given.items():
        if isinstance(paths, str | Path):
            raise DataError(f"the examples of '{name}' are one path, {paths}; give a list of paths")
        before = len(clips)
        for path in paths:
            path, start_s, end_s = path if isinstance(path, tuple) else (path, None, None)
            path = Path(path)
            if not path.exists():
                raise DataError(f"there is no file {path}, an example of '{name}'; check the path")
            if start_s is not None and end_s is not None and not 0 <= start_s < end_s:
                raise DataError(f"{path}, an example of '{name}', from {start_s} to {end_s} s is no interval")
            inner = find_media(path) if path.is_dir() and not is_frame_folder(path) else [path]
            clips += [
                Clip(id=media.name, path=media, label=plain_text(str(name)), start_s=start_s, end_s=end_s)
                for media in inner
            ]
        if len(clips) == before:
            empty.append(str(name))
    return [clip.in_plain_text() for clip in clips], empty


def _each_once(clips: Sequence[Clip]) -> tuple[list[Clip], list[str]]:
    """The clips without those that show the same as another of their class, and a sentence for each of them.

    Raises:
        DataError: the same stands in two classes.
    """
    content = _contents(clips)
    kept: dict[tuple, Clip] = {}
    notes = []
    for clip in clips:
        key = (content[clip.path], clip.start_s, clip.end_s, clip.box_hint)
        first = kept.setdefault(key, clip)
        if first is clip:
            continue
        if first.label != clip.label:
            names = " and of ".join(f"'{c.label or NONE_OF_THESE}'" for c in (first, clip))
            raise DataError(
                f"{clip.path} is the same as {first.path}, and an example of {names}; delete one of them"
            )
        notes.append(f"{clip.id} is the same as {first.id} and counts once")
    return list(kept.values()), notes


def _contents(clips: Sequence[Clip]) -> dict[Path, object]:
    """What a file holds, in a form to compare. Only files of the same size are read."""
    files = {clip.path for clip in clips}
    sizes = {path: path.stat().st_size for path in files if path.is_file()}
    often = Counter(sizes.values())
    return {
        path: sha256_of(path) if path in sizes and often[sizes[path]] > 1 else os.path.realpath(path)
        for path in files
    }


def _overlaps(clips: Sequence[Clip]) -> list[str]:
    """A sentence for the first two examples of different expressions that share time of one video."""
    for a, b in combinations(clips, 2):
        if a.path != b.path or a.label == b.label or a.box_hint != b.box_hint:
            continue
        if (a.start_s or 0) < (b.end_s or float("inf")) and (b.start_s or 0) < (a.end_s or float("inf")):
            names = " and ".join(f"'{c.label or NONE_OF_THESE}'" for c in (a, b))
            return [f"examples of {names} share a time of {a.id}: these pieces contradict each other"]
    return []
