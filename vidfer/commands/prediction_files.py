"""What `vidfer predict` tells, and the files that it writes beside the tables."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from vidfer.clips.annotations.prediction_rows import ANNOTATIONS
from vidfer.clips.inputs import FILMS, PREDICTION
from vidfer.commands.progress import Progress
from vidfer.commands.say import is_quiet, json_text, note, say
from vidfer.errors import DataError, ResultError, SettingError
from vidfer.files import file_name
from vidfer.reachable import check_can_write
from vidfer.terminal import shows_colours, shows_unicode

if TYPE_CHECKING:
    from vidfer.clips.clip import Clip
    from vidfer.infer.prediction_folder import PredictionFolder
    from vidfer.infer.settings import FilmSettings

MOST_TIMELINES = 5
"""More inputs than these are not drawn in the terminal."""


@dataclass(frozen=True, kw_only=True)
class ExtraFiles:
    """Files beside the tables and the page."""

    video: bool = False
    """Write each film with what was predicted, in films/; its sound is kept."""
    blur_faces: bool = False
    """Make the faces in these films unrecognisable, and show none on the page."""
    elan: bool = False
    """Write an .eaf for ELAN for each input, in annotations/."""
    textgrid: bool = False
    """Write a .TextGrid for Praat for each input."""
    label_studio: bool = False
    """Write tasks with predictions for Label Studio."""
    parquet: bool = False
    """Also write frames.parquet; needs pyarrow."""
    tables_only: bool = False
    """Write the tables alone, and no page."""
    keep_cache: Path | None = None
    """Also keep the face crops in this cache, as `vidfer cache --face all` would. By default nothing keeps
    pictures of faces."""

    def __post_init__(self) -> None:
        if self.blur_faces and not self.video:
            raise SettingError("--blur-faces is about the films; add --video")


def check_place(wanted: PredictionFolder, files: ExtraFiles) -> None:
    """Raise a ResultError where nothing can be written, or these files would replace what no prediction has
    written."""
    from vidfer.report.prediction_page.write_page import PAGE

    try:
        check_can_write(wanted.folder / PREDICTION)
    except OSError as error:
        raise ResultError(
            f"cannot write into {error.filename} ({error.strerror}); name another folder with --out"
        ) from error
    films, page = wanted.folder / FILMS, wanted.folder / PAGE
    place = Path(os.path.realpath(films))
    inputs = [one.path for one in wanted.inputs] if files.video else []
    inside = [path for path in inputs if place in Path(os.path.realpath(path)).parents]  # links may be a ring
    if inside:
        raise ResultError(f"--video writes into {films}, and {inside[0]} lies there; choose another --out")
    if (wanted.folder / PREDICTION).exists():
        return
    there = [] if files.tables_only or not page.exists() else [page]
    there += [one for one in sorted(films.rglob("*")) if one.is_file()] if files.video else []
    if there:
        raise ResultError(
            f"{there[0]} is there, and no {PREDICTION} says that it may be replaced; choose another --out"
        )


def tell_prediction(about: PredictionFolder, *, as_json: bool) -> None:
    """Print what was found: a timeline for each person, or one JSON object; faults go to standard error."""
    for one in about.inputs:
        if one.reason:
            what = "cannot read" if one.state == "failed" else "not read to its end:"
            say(f"{what} {one.name}: {one.reason}", file=sys.stderr)
        if one.not_upright:
            say(f"warning: {one.name}: {one.not_upright}", file=sys.stderr)
    if as_json:
        from vidfer.infer.prediction_json import prediction_json

        say(json_text(prediction_json(about)))
        return
    if is_quiet():
        return
    done = [one for one in about.inputs if one.state == "done"]
    if done:
        _draw_timelines(about, {one.name for one in done[:MOST_TIMELINES]})
    if len(done) > MOST_TIMELINES:
        say(f"and {len(done) - MOST_TIMELINES} more inputs")
    n_frames, n_people = (sum(getattr(one, name) for one in done) for name in ("n_frames", "n_people"))
    inputs = f"{len(done)} of {len(about.inputs)} inputs" if len(about.inputs) > 1 else "1 input"
    faces = "1 face" if n_people == 1 else f"{n_people} faces"
    say(f"{inputs if done else 'no input'} read, {n_frames} frames, {faces} followed")
    if len(done) > 1:
        _tell_totals(about)
    say(f"tables: {about.frames_csv}, {about.segments_csv.name}, {about.clips_csv.name}")


def _tell_totals(about: PredictionFolder) -> None:
    """What many inputs show together, and the command that says more."""
    from vidfer.infer.totals import totals_of
    from vidfer.report.totals_text import in_all_text

    if text := in_all_text(totals_of(about)[0], about.classes):
        say(text)
        say(f"more of it: vidfer summary {about.folder}")


def _draw_timelines(about: PredictionFolder, names: set[str]) -> None:
    from vidfer.report.person_timeline import timelines_of
    from vidfer.report.timeline_text import timeline_text

    look = {"colour": shows_colours(sys.stdout), "unicode": shows_unicode(sys.stdout)}
    width = shutil.get_terminal_size().columns
    n_drawn = 0
    for name, lines in timelines_of(about):
        if name in names:
            say(timeline_text(name, lines, width=width, **look), coloured=True)
            n_drawn += 1
        if n_drawn == len(names):  # a long table need not be read to its end
            return


def write_extra_files(about: PredictionFolder, files: ExtraFiles, tell: Callable[[str], None]) -> None:
    """Write the files that are asked for, but the cache, and tell where they are."""
    if files.parquet:
        from vidfer.infer.frames_parquet import write_frames_parquet

        tell(f"table: {write_frames_parquet(about)}")
    if files.elan or files.textgrid or files.label_studio:
        from vidfer.report.export_annotations import export_prediction

        kinds = {name: getattr(files, name) for name in ("elan", "textgrid", "label_studio")}
        written = export_prediction(about, about.folder / ANNOTATIONS, **kinds)
        several = f"{len(written.files)} files in {about.folder / ANNOTATIONS}"
        tell(f"annotations: {written.files[0] if len(written.files) == 1 else several}")
        tell_kept(written.kept)
    if files.video:
        _write_films(about, files.blur_faces, tell)
    if not files.tables_only:
        from vidfer.report.prediction_page.write_page import write_prediction_page

        tell(f"page: {write_prediction_page(about, pictures=not files.blur_faces)}")


def tell_kept(kept: Sequence[Path]) -> None:
    """Say on standard error which files of people were not replaced."""
    for path in kept:
        say(
            f"kept {path}: it was changed, maybe corrected; to write it anew, remove it first",
            file=sys.stderr,
        )


def write_cache(clips: Sequence[Clip], out: Path, films: FilmSettings, device: str) -> str:
    """Write a cache of the inputs; a line about it."""
    from vidfer.build.build_cache import build_cache
    from vidfer.crops.settings import CropSettings

    with Progress("cropping", "clip") as progress, Progress("joining", "clip") as joining:
        report = build_cache(
            clips,
            out,
            CropSettings(**asdict(films)),
            device=device,
            progress=progress,
            join_progress=joining,
        )
    return f"cache: {report.out}, {report.n_clips + report.n_others} clips, {report.n_frames} frames"


def _write_films(about: PredictionFolder, blur_faces: bool, tell: Callable[[str], None]) -> None:
    from vidfer.report.film.write_film import write_films

    paths = film_paths(about)
    n_all = sum(one.n_frames for one in about.inputs if one.name in paths)
    done = count(1)
    with Progress("films", "frame") as progress:

        def step(name: str, n: int, n_of_film: int) -> None:
            progress(next(done), n_all)

        films = [*write_films(about, paths, blur_faces=blur_faces, progress=step)]
    for name, film in films:  # after the bar, whose line would be torn
        if isinstance(film, DataError):
            say(f"no film of {name}: {film}", file=sys.stderr)
            continue
        for line in film.notes:
            note(f"{name}: {line}")
        tell(f"film: {film.path}")


def film_paths(about: PredictionFolder) -> dict[str, Path]:
    """Where the film of each input that was read goes: its name with another suffix, in films/."""
    films = {one.name: PurePosixPath(one.name) for one in about.inputs if one.state == "done"}
    stems = [str(film.with_suffix("")).lower() for film in films.values()]
    return {
        name: about.folder
        / FILMS
        / film.parent
        / file_name(film.name if stems.count(stem) > 1 else film.stem, ".mp4")
        for (name, film), stem in zip(films.items(), stems)
    }
