"""Writes a prediction while it is made, and goes on with one that was stopped."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import BinaryIO

import vidfer
from vidfer.build.lock import sole_writer
from vidfer.errors import DataError, ResultError
from vidfer.files import writing
from vidfer.infer.moment import Moment
from vidfer.infer.moment_table import FRAME_COLUMNS, column_of, row_of
from vidfer.infer.plain_state import read_state, write_state
from vidfer.infer.prediction_folder import (
    ABOUT,
    CLIPS,
    FRAMES,
    SEGMENTS,
    PredictionFolder,
    read_prediction,
)
from vidfer.infer.same_prediction import bytes_of, go_on_with
from vidfer.infer.summary import SEGMENT_COLUMNS, FilmSummary, clip_columns
from vidfer.tables import csv_text

FLUSH_FRAMES = 32
"""Rows reach the file after so many frames."""
SAVE_EVERY_S = 5.0
"""``predict.json`` is written at most this often, so that thousands of short films do not wait for it."""
UNFINISHED = "unfinished.safetensors"
"""The state of the film that is being predicted."""
KEEP_EVERY_S = 10.0
"""It is written at most this often."""
LOCK = "lock"
"""There while a process writes."""
HOW_TO_GO_ON = "what was finished is kept; free some space, then start the same command, and it goes on"


class PredictionWriter:
    """The tables of a prediction, open for writing. Use it in a ``with`` block."""

    def __init__(self, about: PredictionFolder) -> None:
        """Go on with the prediction in ``about.folder``, or begin one there.

        ``about`` says what is wanted. Inputs that were done before keep their rows.

        Raises:
            DataError: two expressions would be one column.
            ResultError: the folder holds another prediction: of another model, with other settings, or of an
                input that is not named now. New inputs are added. Or its tables were changed.
        """
        self.about = about
        _check_classes(about.classes)
        if (about.folder / ABOUT).exists():
            self.about = go_on_with(read_prediction(about.folder), about)
            _check_tables(self.about)
        elif there := [name for name in (FRAMES, SEGMENTS, CLIPS) if (about.folder / name).exists()]:
            raise ResultError(
                f"{about.folder / there[0]} is there, and no {ABOUT} beside it says that it may be replaced; "
                "choose another --out"
            )
        self._files: dict[str, BinaryIO] = {}
        self._n_header: dict[str, int] = {}
        self._open = ExitStack()
        self._saved_s = -SAVE_EVERY_S
        self._summary: FilmSummary | None = None
        self._rows: list[list] = []
        self._n_waiting = 0
        self._unfinished: dict | None = None
        self.keep_every_s = KEEP_EVERY_S

    def __enter__(self) -> PredictionWriter:
        """Open the tables.

        Raises:
            CacheError: another process writes into the folder.
        """
        # The block of `writing` is the outer one: closing a file may also find that the disk is full.
        with writing(self.about.folder, HOW_TO_GO_ON), self._open as opened:
            opened.enter_context(sole_writer(self.about.folder, self.about.folder, LOCK))
            opened.callback((self.about.folder / LOCK).unlink, missing_ok=True)
            self._open_tables()
            self._open = opened.pop_all()
        return self

    def _open_tables(self) -> None:
        about = self.about
        columns = {
            FRAMES: (*FRAME_COLUMNS, *map(column_of, about.classes)),
            SEGMENTS: SEGMENT_COLUMNS,
            CLIPS: clip_columns(about.classes),
        }
        about.write()  # first, because tables without it would be taken for those of another program
        self._unfinished = self._read_unfinished()
        n_bytes = self._unfinished["bytes"] if self._unfinished else about.bytes_done
        for name, header in columns.items():
            path = about.folder / name
            file = self._open.enter_context(path.open("r+b" if path.exists() else "w+b"))
            file.truncate(min(n_bytes.get(name, 0), path.stat().st_size))
            file.seek(0, os.SEEK_END)
            first = csv_text([header]).encode()
            if not file.tell():
                file.write(first)
            self._files[name], self._n_header[name] = file, len(first)
        self._save()

    def __exit__(self, *_) -> None:
        with writing(self.about.folder, HOW_TO_GO_ON), self._open:
            self._flush()
            self._save()

    def begin(self, place: int) -> dict | None:
        """Begin with the input at this place of ``about.inputs``.

        Returns:
            The state of :meth:`vidfer.infer.predict_film.FilmPrediction.state` from which to go on, where
            the input was begun before and has not changed; else None.
        """
        self._set(place, state="begun")
        self._summary = FilmSummary(self.about.inputs[place].name, self.about.classes)
        self._begun_s = time.monotonic()
        unfinished, self._unfinished = self._unfinished, None
        if unfinished is None:
            return None
        one = self.about.inputs[place]
        found = [unfinished.get(name) for name in ("name", "input_bytes", "vidfer")]
        if found != [one.name, bytes_of(one.path), vidfer.__version__]:
            self._cut_back()
            return None
        self._summary.restore(unfinished["summary"])
        return unfinished["film"]

    def keep(self, state: Callable[[], dict | None]) -> None:
        """Now and then, keep the state of the film that was begun, so that a stopped prediction goes on.

        Args:
            state: gives it; None where the film cannot go on.
        """
        if time.monotonic() - self._begun_s < self.keep_every_s:
            return
        with writing(self.about.folder, HOW_TO_GO_ON):
            self._flush()
            self._save()
            place = next(i for i, one in enumerate(self.about.inputs) if one.state == "begun")
            film = state()
            if film is not None:
                unfinished = {
                    "name": self.about.inputs[place].name,
                    "vidfer": vidfer.__version__,
                    "input_bytes": bytes_of(self.about.inputs[place].path),
                    "bytes_done": self.about.bytes_done,
                    "bytes": {name: file.tell() for name, file in self._files.items()},
                    "summary": self._summary.state(),
                    "film": film,
                }
                write_state(self.about.folder / UNFINISHED, unfinished)
        self._begun_s = time.monotonic()

    def _read_unfinished(self) -> dict | None:
        """What :meth:`keep` kept, if it fits the tables."""
        found = read_state(self.about.folder / UNFINISHED)
        if not isinstance(found, dict) or found.get("bytes_done") != self.about.bytes_done:
            return None
        whole = all(
            (self.about.folder / name).is_file() and (self.about.folder / name).stat().st_size >= n_bytes
            for name, n_bytes in found["bytes"].items()
        )
        begun = [one.name for one in self.about.inputs if one.state == "begun"]
        return found if whole and found["name"] in begun else None

    def add(self, moments: Sequence[Moment]) -> None:
        """Write the moments of the next frame of the input that was begun."""
        with writing(self.about.folder, HOW_TO_GO_ON):
            for segment in self._summary.add(moments):
                self._files[SEGMENTS].write(csv_text([segment.row()]).encode())
            self._rows += [row_of(moment, self.about.classes) for moment in moments]
            self._n_waiting += 1
            if self._n_waiting >= FLUSH_FRAMES:
                self._flush()

    def finish(self, place: int, **facts) -> None:
        """The input is done; ``facts`` are fields of :class:`PredictedInput`."""
        with writing(self.about.folder, HOW_TO_GO_ON):
            rows = [segment.row() for segment in self._summary.end()]
            self._files[SEGMENTS].write(csv_text(rows).encode())
            self._files[CLIPS].write(csv_text(self._summary.people_rows()).encode())
            self._flush()
            seen = {"n_people": self._summary.n_people, "n_frames": self._summary.n_frames}
            self._done(place, n_bytes=bytes_of(self.about.inputs[place].path), **seen, **facts)

    def fail(self, place: int, reason: str) -> None:
        """Nothing of the input can be read. Rows of it that an earlier start wrote are taken out."""
        with writing(self.about.folder, HOW_TO_GO_ON):
            self._cut_back()
            self._done(place, state="failed", reason=reason)

    def _cut_back(self) -> None:
        """Take out the rows of an input that is not done."""
        self._rows, self._n_waiting = [], 0
        for name, file in self._files.items():
            file.truncate(self.about.bytes_done.get(name, self._n_header[name]))
            file.seek(0, os.SEEK_END)

    def _done(self, place: int, state: str = "done", **facts) -> None:
        self._summary = None
        (self.about.folder / UNFINISHED).unlink(missing_ok=True)
        self._set(place, state=state, **facts)
        self.about = replace(self.about, bytes_done={name: f.tell() for name, f in self._files.items()})
        if time.monotonic() - self._saved_s >= SAVE_EVERY_S:
            self._save()

    def _set(self, place: int, **facts) -> None:
        inputs = list(self.about.inputs)
        inputs[place] = replace(inputs[place], **facts)
        self.about = replace(self.about, inputs=tuple(inputs))

    def _flush(self) -> None:
        if self._rows:
            self._files[FRAMES].write(csv_text(self._rows).encode())
            self._rows, self._n_waiting = [], 0
        for file in self._files.values():
            file.flush()

    def _save(self) -> None:
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        self.about.write()
        self._saved_s = time.monotonic()


def _check_classes(classes: Sequence[str]) -> None:
    columns: dict[str, str] = {}
    for name in classes:
        other = columns.setdefault(column_of(name).lower(), name)
        if other != name:
            raise DataError(
                f"the expressions '{other}' and '{name}' would be one column of a table, where capitals make "
                "no difference; rename one of them"
            )


def _check_tables(about: PredictionFolder) -> None:
    """Raise where rows of inputs that are done are no longer where they were written."""
    for name, n_bytes in about.bytes_done.items():
        table = about.folder / name
        found = b""
        if n_bytes and table.is_file():
            with table.open("rb") as file:
                file.seek(n_bytes - 1)
                found = file.read(1)
        if n_bytes and found != b"\n":
            raise ResultError(
                f"{table} was {'changed' if found else 'shortened'} since it was written, so the prediction "
                "cannot go on in it; choose another --out, or remove the folder"
            )
