"""Words of a review: each is on disk at once, none is lost, and the recipe honours them."""

import csv
import os
from dataclasses import replace
from pathlib import Path

import pytest
from refused import refused
from test_corrections import SETTINGS, some_labels, written

from vidfer.errors import DataError, DiskError, RunError
from vidfer.learn.corrections import with_corrections
from vidfer.learn.review_table import ReviewTable
from vidfer.tables import read_table, write_table

CLASSES = ("angry", "happy", "sad")


@pytest.fixture
def table(tmp_path) -> Path:
    path = tmp_path / "round1.csv"
    written(path, labels=replace(some_labels(), clip_ids=("=a", *"bcdefg")))
    return path


def said(path: Path) -> dict[str, str]:
    return {
        row["clip"]: row["corrected"] for row in read_table(path, ("clip", "corrected")) if row["corrected"]
    }


def row_of(review: ReviewTable, clip: str) -> int:
    return [row["clip"] for row in review.rows].index(clip)


def test_each_word_is_on_disk_at_once_and_can_be_taken_back(table):
    review = ReviewTable(table, CLASSES)
    for clip, word in (("=a", "happy"), ("b", "ok"), ("c", "drop"), ("=a", "sad"), ("b", "")):
        review.say(row_of(review, clip), word)
        assert said(table).get(clip, "") == word
    assert said(table) == {"=a": "sad", "c": "drop"}
    back = [review.rows[review.undo()]["clip"] for _ in range(5)]
    assert back == ["b", "=a", "c", "b", "=a"] and said(table) == {}
    assert review.undo() is None


def test_the_recipe_takes_the_table_and_nothing_else_of_it_has_changed(table):
    before = read_table(table, ())
    review = ReviewTable(table, CLASSES)
    review.say(row_of(review, "=a"), "happy")
    review.say(row_of(review, "f"), "ok")
    labels = replace(some_labels(), clip_ids=("=a", *"bcdefg"))
    found, _ = with_corrections(labels, table, (), SETTINGS, training_started=False)
    assert found.corrections == {"=a": "happy", "f": "happy"}
    after = read_table(table, ())
    assert [{**row, "corrected": ""} for row in after] == [{**row, "corrected": ""} for row in before]
    with table.open(newline="") as file:
        assert next(csv.reader(file))[:4] == ["clip", "corrected", "label", "confidence"]


def test_columns_of_people_stay(table):
    rows = read_table(table, ())
    write_table(table, [*rows[0], "my note"], [[*row.values(), "?"] for row in rows])
    review = ReviewTable(table, CLASSES)
    review.say(0, "sad")
    assert {row["my note"] for row in read_table(table, ())} == {"?"}


def test_words_that_another_program_writes_meanwhile_are_kept(table):
    one, other = ReviewTable(table, CLASSES), ReviewTable(table, CLASSES)
    other.say(row_of(other, "b"), "sad")
    one.say(row_of(one, "c"), "drop")
    assert said(table) == {"b": "sad", "c": "drop"} and (one.times_read, other.times_read) == (2, 1)
    assert one.word(row_of(one, "b")) == "sad"


def test_a_table_with_other_rows_is_not_written(table):
    review = ReviewTable(table, CLASSES)
    rows = read_table(table, ())
    write_table(table, [*rows[0]], [[*row.values()] for row in rows[::-1]])
    text = table.read_bytes()
    with refused(RunError, "round1.csv", "start the review again"):
        review.say(0, "sad")
    assert table.read_bytes() == text
    table.unlink()
    with refused(RunError, "round1.csv", "gone"):
        ReviewTable(table, CLASSES)


@pytest.mark.parametrize(("row", "word"), [(0, "hapy"), (0, "OK"), (-1, "sad"), (7, "sad")])
def test_other_words_and_rows_are_refused(table, row, word):
    review = ReviewTable(table, CLASSES)
    with refused(DataError, repr(word), "round1.csv", "angry, happy, sad, ok, drop"):
        review.say(row, word)
    assert said(table) == {}


def test_a_full_disk_leaves_the_table_and_the_word_as_they_were(table, monkeypatch):
    review = ReviewTable(table, CLASSES)
    review.say(0, "sad")
    text = table.read_bytes()

    def full(_):
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr("vidfer.files.os.fsync", full)
        for act in (lambda: review.say(1, "happy"), review.undo):
            with refused(DiskError, "round1.csv", "full"):
                act()
    assert table.read_bytes() == text and review.word(1) == "" and review.word(0) == "sad"
    assert review.undo() == 0 and said(table) == {}
