"""A table in which a person corrects labels, one word after the other; each word is on disk at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from vidfer.clips.corrected import DROP, OK
from vidfer.errors import DataError, RunError
from vidfer.files import write_text
from vidfer.tables import csv_text, read_table

WORD = "corrected"
"""The column that is written."""


class ReviewTable:
    """The words that people write into the column ``corrected`` of a table.

    If another program has changed the table meanwhile, it is read again, and none of its words is lost.

    Args:
        path: of the table. The columns of ``key`` tell its rows apart.
        classes: the expressions.
        key: names of columns.

    Raises:
        DataError: the table cannot be read, or lacks a column.
    """

    def __init__(self, path: Path, classes: Sequence[str], key: Sequence[str] = ("clip",)) -> None:
        self.path, self.key = path, tuple(key)
        self.allowed = (*classes, OK, DROP, "")
        self.times_read = 0
        """How often the table was read: it grows when another program has changed it."""
        self._said: list[tuple[int, str]] = []
        self._read()

    def __len__(self) -> int:
        return len(self.rows)

    def word(self, row: int) -> str:
        """What people have written for a row; empty if nobody has looked at it."""
        return self.rows[row][WORD]

    def say(self, row: int, word: str) -> None:
        """Writes a word for a row, and waits until it is on disk.

        Args:
            row: its place in :attr:`rows`.
            word: a class, ``ok``, ``drop``, or nothing to take a word back.

        Raises:
            DataError: there is no such row, or the word is none of these.
            DiskError: the disk is full. The table is as it was.
            RunError: the table has other rows now.
        """
        if not 0 <= row < len(self.rows) or word not in self.allowed:
            raise DataError(f"{word!r} for row {row} of {self.path}: write {', '.join(self.allowed[:-1])}")
        before = self._write(row, word)
        self._said.append((row, before))

    def undo(self) -> int | None:
        """Takes back what was said last, and tells for which row; None if nothing is left to take back."""
        if not self._said:
            return None
        row, before = self._said[-1]
        self._write(row, before)
        self._said.pop()
        return row

    def _write(self, row: int, word: str) -> str:
        """Writes a word, and returns the one before."""
        if self._stamp() != self._seen:
            self._read_again()
        before = self.rows[row][WORD]
        if word == before:
            return before
        line = csv_text([self._cells(self.rows[row] | {WORD: word})])
        lines = [*self._lines[: row + 1], line, *self._lines[row + 2 :]]
        write_text(self.path, "".join(lines))
        self.rows[row][WORD], self._lines = word, lines
        self._seen = self._stamp()
        return before

    def _cells(self, row: Mapping[str, str]) -> list[str]:
        return [row[name] for name in self.columns]

    def _read_again(self) -> None:
        keys = [self._key(row) for row in range(len(self.rows))]
        self._read()
        if keys != [self._key(row) for row in range(len(self.rows))]:
            raise RunError(
                f"{self.path} has other rows, or another order, than when the review began; start the "
                f"review again, it goes on where you were"
            )

    def _read(self) -> None:
        self._seen = self._stamp()
        self.rows = read_table(self.path, (*self.key, WORD, "label"))
        self.columns = [name for name in (self.rows[0] if self.rows else ()) if name]
        cells = (self.columns, *map(self._cells, self.rows))
        self._lines = [csv_text([one]) for one in cells]
        """Of the file, ready to be written: a table may have many rows, and people do not like to wait."""
        self.times_read += 1

    def _key(self, row: int) -> tuple[str, ...]:
        return tuple(self.rows[row][name] for name in self.key)

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = self.path.stat()
        except OSError as error:
            raise RunError(
                f"{self.path} is gone ({error.strerror}); put it back, or label the clips again"
            ) from error
        return found.st_mtime_ns, found.st_size, found.st_ino
