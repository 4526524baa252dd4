"""The pseudo-labels of a round, for annotation programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vidfer.clips.annotations.frame_clock import FrameClock, frame_clock
from vidfer.clips.annotations.interval import Interval
from vidfer.errors import DataError
from vidfer.learn.match_intervals import tier_of
from vidfer.learn.round_table import RoundTable, confidence
from vidfer.report.annotation_files import Film, Written, write_films
from vidfer.report.whole_frames import find_video


def export_round(
    table: RoundTable,
    root: Path,
    out: Path,
    *,
    elan: bool = False,
    textgrid: bool = False,
    label_studio: bool = False,
) -> Written:
    """Writes the pseudo-labels of a round for annotation programs, a file or task for each video.

    A clip has the word that people have written for it into the table, or else the teacher's label. Clips
    without a face, images and folders of images are left out.

    Args:
        table: of the round, with its cache.
        root: the folder of the videos, as the cache was made with.
        out: the folder for the files.
        elan, textgrid, label_studio: see :func:`vidfer.report.annotation_files.write_films`.

    Raises:
        DataError: a video is not below ``root``, or two may be meant, or there is no video at all.
        DiskError: the disk is full. Files that are there are complete.
    """
    rows_of: dict[str, list[int]] = {}
    for number, row in enumerate(table.rows):
        clip = table.cache.clips[table.places[number]]
        if row["has_face"] == "1" and clip.n_frames > 1:
            rows_of.setdefault(clip.path, []).append(number)
    films = [_film(table, root, video, rows) for video, rows in sorted(rows_of.items())]
    films = [film for film in films if not film.media.is_dir()]
    if not films:
        raise DataError(
            f"no clip with a face in {table.path} is a video, and annotation programs show videos; use "
            f"`vidfer review`"
        )
    kinds = {"elan": elan, "textgrid": textgrid, "label_studio": label_studio}
    return write_films(films, table.classes, out, **kinds)


def _film(table: RoundTable, root: Path, video: str, rows: list[int]) -> Film:
    intervals, times_s = [], []
    for number in rows:
        row, place = table.rows[number], table.places[number]
        clip, shown_s = table.cache.clips[place], table.cache.frames(place).times_s
        last_s = float(shown_s[-1] + np.median(np.diff(shown_s)))
        word = row["corrected"]
        intervals.append(
            Interval(
                media=video,
                tier=tier_of(clip.id),
                start_s=float(clip.start_s or 0.0),
                end_s=float(last_s if clip.end_s is None else clip.end_s),
                label=word or row["label"],
                said=row["label"],
                probability=confidence(row),
            )
        )
        times_s.append(shown_s)
    intervals.sort(key=lambda one: (one.tier, one.start_s))
    return Film(
        media=find_video(root, table.cache.clips[table.places[rows[0]]]),
        name=video,
        intervals=intervals,
        duration_s=max(one.end_s for one in intervals),
        clock=_clock(times_s),
    )


def _clock(times_s: list[np.ndarray]) -> FrameClock:
    """The clock of a video of which only the frames within clips are known."""
    known = frame_clock(np.unique(np.concatenate(times_s)).tolist())
    if not known.times_s:
        return known
    # Between clips frames are missing, so that the rate may seem to vary where it does not.
    rates = [frame_clock(one.tolist()) for one in times_s if len(one) > 1]
    steady = {round(one.rate, 2) for one in rates if not one.times_s}
    return rates[0] if len(steady) == 1 and not any(one.times_s for one in rates) else known
