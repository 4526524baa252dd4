"""The pseudo-label file."""

import csv
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from refused import refused

from vidfer.errors import DataError, RunError
from vidfer.learn.pseudo_labels import PseudoLabels, read_pseudo_labels, write_pseudo_labels


def some_labels() -> PseudoLabels:
    rng = np.random.default_rng(0)
    return PseudoLabels(
        clip_ids=("a/1.avi", 'b, "2".avi', "d", "ü.avi"),
        probabilities=rng.dirichlet(np.ones(3), 4).astype(np.float32),
        has_face=np.array([True, True, True, False]),
        weights=np.array([1, 0, 3, 0]),
        classes=("angry", "happily_surprised", "sad"),
        teacher_hash="abc",
        cache_hash="def",
        media=(("x/a/1.avi", None, None), ('b, "2".avi', 1.5, 3.0), ("d", None, None), ("ü.avi", None, None)),
        corrections={"d": "sad", "ü.avi": "drop"},
        inherited_corrections={"d": "sad"},
    )


def test_what_is_written_is_read(tmp_path):
    labels = some_labels()
    write_pseudo_labels(labels, tmp_path / "pseudo_labels" / "round1.csv", {"threshold": 0.3})
    found = read_pseudo_labels(tmp_path / "pseudo_labels" / "round1.csv")
    for name in ("clip_ids", "classes", "teacher_hash", "cache_hash", "corrections", "inherited_corrections"):
        assert getattr(found, name) == getattr(labels, name)
    for name in ("probabilities", "has_face", "weights"):
        one, other = getattr(found, name), getattr(labels, name)
        assert one.dtype == other.dtype and np.array_equal(one, other), name  # to the last bit


def test_the_file_can_be_read_by_people_and_tables(tmp_path):
    labels = some_labels()
    write_pseudo_labels(labels, tmp_path / "round1.csv", {"threshold": 0.3})
    with (tmp_path / "round1.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    # What is learned from comes first; otherwise the order is that of a hash.
    assert {row["clip"] for row in rows[:2]} == {"a/1.avi", "d"}
    rows.sort(key=lambda row: row["clip"])
    assert [row["clip"] for row in rows] == list(labels.clip_ids)
    assert [row["label"] for row in rows] == [labels.classes[i] for i in labels.probabilities.argmax(1)]
    assert [float(row["confidence"]) for row in rows] == pytest.approx(
        labels.probabilities.max(1).tolist(), abs=1e-4
    )
    assert [row["weight"] for row in rows] == ["1", "0", "3", "0"]
    assert [row["has_face"] for row in rows] == ["1", "1", "1", "0"]
    assert [row["corrected"] for row in rows] == ["", "", "sad", "drop"]
    assert [(row["path"], row["start_s"], row["end_s"]) for row in rows[:2]] == [
        ("x/a/1.avi", "", ""),
        ('b, "2".avi', "1.5", "3.0"),
    ]
    about = json.loads((tmp_path / "round1.json").read_text())
    assert about["teacher_hash"] == "abc" and about["selection"] == {"threshold": 0.3}


def test_columns_that_a_person_has_added_stay(tmp_path):
    labels, file = some_labels(), tmp_path / "round1.csv"
    write_pseudo_labels(labels, file, {})
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([lines[0] + ",Note", *(line + ",looks away" for line in lines[1:])]), "utf-8")
    write_pseudo_labels(replace(labels, corrections={}), file, {})
    with file.open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert [row["note"] for row in rows] == ["looks away"] * 4
    assert {row["corrected"] for row in rows} == {""}  # what counts is what is written


def test_no_clips_make_an_empty_table(tmp_path):
    empty = replace(
        some_labels(),
        clip_ids=(),
        probabilities=np.zeros((0, 3), np.float32),
        has_face=np.zeros(0, bool),
        weights=np.zeros(0, np.int64),
        media=(),
    )
    write_pseudo_labels(empty, tmp_path / "round1.csv", {})
    assert read_pseudo_labels(tmp_path / "round1.csv").probabilities.shape == (0, 3)


@pytest.mark.parametrize("damage", ["no csv", "no json", "no column", "no number", "no probabilities"])
def test_another_file_is_a_user_error(tmp_path, damage):
    file = tmp_path / "round1.csv"
    write_pseudo_labels(some_labels(), file, {})
    if damage == "no csv":
        file.unlink()
    elif damage == "no json":
        file.with_suffix(".json").unlink()
    elif damage == "no probabilities":  # a spreadsheet took the point for one that groups thousands
        text = re.sub(r",0\.(\d{5,}),", r",\1,", file.read_text(encoding="utf-8"))
        file.write_text(text, encoding="utf-8")
    else:
        old, new = {"no column": ("p_sad", "p_glad"), "no number": (",1,", ",one,")}[damage]
        file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with refused(DataError if damage == "no csv" else RunError, "round1.csv"):
        read_pseudo_labels(file)


def test_a_file_with_the_former_key_is_read(tmp_path):
    file = tmp_path / "round1.csv"
    write_pseudo_labels(replace(some_labels(), inherited_corrections={"a": "sad"}), file, {})
    about = file.with_suffix(".json").read_text()
    file.with_suffix(".json").write_text(about.replace('"inherited_corrections"', '"carried"'))
    assert read_pseudo_labels(file).inherited_corrections == {"a": "sad"}
