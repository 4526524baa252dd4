"""What people ask for when labels go to an annotation program, and the names of the files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from vidfer.clips.annotations.elan import write_elan
from vidfer.clips.annotations.frame_clock import FrameClock
from vidfer.clips.annotations.interval import Interval
from vidfer.clips.annotations.label_studio import Box, Task, write_label_studio
from vidfer.clips.annotations.prediction_rows import TASKS
from vidfer.clips.annotations.textgrid import write_textgrid
from vidfer.files import file_name

WRITTEN_AT = re.compile(rb' DATE="[^"]*"')


@dataclass(frozen=True, kw_only=True)
class Film:
    """One video with its labels, ready to be written in any format."""

    media: Path
    """Where the video lies now."""
    name: str
    """How the tables call it."""
    intervals: Sequence[Interval]
    """Of all people; the tier says who."""
    duration_s: float
    clock: FrameClock
    boxes: dict[str, list[Box]] = field(default_factory=dict)
    """For each tier, where the face is."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written."""

    files: list[Path]
    """All that was asked for, also what was kept."""
    kept: list[Path]
    """Files that hold something else than was to be written, such as corrections, and stay as they were."""
    served: Path | None
    """The folder that Label Studio must serve videos from; None if nothing was written for it."""


def write_films(
    films: Sequence[Film],
    classes: Sequence[str],
    out: Path,
    *,
    elan: bool = False,
    textgrid: bool = False,
    label_studio: bool = False,
) -> Written:
    """Writes the labels of videos for annotation programs.

    An ``.eaf`` or ``.TextGrid`` that is there with other content may have been corrected, so it is kept.

    Args:
        films: the videos.
        classes: the expressions that an annotator may choose.
        out: the folder for the files; it is made if needed.
        elan: an ``.eaf`` for each video.
        textgrid: a ``.TextGrid`` for each video.
        label_studio: one ``label_studio.json`` with a task for each person of each video, and the
            configuration of the project beside it.

    Raises:
        DiskError: the disk is full. Files that are there are complete.
    """
    written, kept, served = [], [], None
    for film, name in zip(films, file_names([film.name for film in films])):
        if elan:
            written.append(out / file_name(name, ".eaf"))
            with _unless_changed(written[-1], kept) as path:
                write_elan(path, film.media, film.intervals, classes, name=film.name)
        if textgrid:
            written.append(out / file_name(name, ".TextGrid"))
            with _unless_changed(written[-1], kept) as path:
                write_textgrid(path, film.intervals, film.duration_s)
    if label_studio:
        tasks = [_task(film, person) for film in films for person in _people(film)]
        served = write_label_studio(out / TASKS, tasks, classes)
        written += [out / TASKS, (out / TASKS).with_suffix(".xml")]
    return Written(files=written, kept=kept, served=served)


@contextmanager
def _unless_changed(path: Path, kept: list[Path]) -> Iterator[Path]:
    """Gives the name to write a file under; what is at ``path`` stays and is listed if it is another text."""
    if not path.exists():
        yield path
        return
    new = path.with_name(file_name(path.name, ".new"))
    try:
        yield new
        if _text(path) != _text(new):
            kept.append(path)
    finally:
        new.unlink(missing_ok=True)


def _text(path: Path) -> bytes:
    """What a file says, without the time at which it was written."""
    return WRITTEN_AT.sub(b"", path.read_bytes())


def _people(film: Film) -> list[str]:
    return [*dict.fromkeys(one.tier for one in film.intervals)]


def _task(film: Film, person: str) -> Task:
    return Task(
        media=film.media,
        name=film.name,
        person=person,
        intervals=[one for one in film.intervals if one.tier == person],
        clock=film.clock,
        duration_s=film.duration_s,
        boxes=film.boxes.get(person, ()),
    )


def file_names(names: Sequence[str]) -> list[str]:
    """A file name without ending for each video; folders become part of it where names meet.

    >>> file_names(["a/x.mp4", "b/x.mp4", "y.mp4", "y.mov"])
    ['a_x.mp4', 'b_x.mp4', 'y.mp4', 'y.mov']
    >>> file_names(["a/x.mp4", "a/y.mp4"])
    ['x', 'y']
    """
    paths = [PurePosixPath(name.replace("\\", "/")) for name in names]
    ways = (
        [path.stem for path in paths],
        [path.name for path in paths],
        ["_".join(part for part in path.parts if part != path.anchor) for path in paths],
        [f"{number}_{path.name}" for number, path in enumerate(paths, start=1)],
    )
    return next(way for way in ways if len({name.casefold() for name in way}) == len(way))
