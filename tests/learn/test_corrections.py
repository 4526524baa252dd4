"""What a person writes into the table of pseudo-labels, and who honours it."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from refused import refused

from vidfer.errors import DataError, RunError
from vidfer.learn.corrections import read_corrections, with_corrections
from vidfer.learn.pseudo_labels import PseudoLabels, read_pseudo_labels, write_pseudo_labels
from vidfer.learn.selection import select, student_targets, summarise
from vidfer.learn.settings import PseudoLabelSettings
from vidfer.tables import read_table

SETTINGS = PseudoLabelSettings(threshold=0.5, quota=3)


def some_labels() -> PseudoLabels:
    """The teacher says angry of a, b, c, d (e has no face), happy of f, and nothing sure of g."""
    p = [[0.9, 0.05, 0.05], [0.8, 0.1, 0.1], [0.7, 0.2, 0.1], [0.6, 0.2, 0.2], [0.9, 0.05, 0.05]]
    p += [[0.1, 0.8, 0.1], [0.4, 0.3, 0.3]]
    return PseudoLabels(
        clip_ids=tuple("abcdefg"),
        probabilities=np.array(p, np.float32),
        has_face=np.array([True] * 4 + [False] + [True] * 2),
        weights=np.zeros(7, np.int64),
        classes=("angry", "happy", "sad"),
        teacher_hash="t",
        cache_hash="c",
    )


def weights(labels: PseudoLabels) -> dict[str, int]:
    return dict(zip(labels.clip_ids, labels.weights.tolist()))


def written(table: Path, earlier=(), labels=None) -> PseudoLabels:
    """The table as the recipe first writes it."""
    labels, _ = with_corrections(labels or some_labels(), table, earlier, SETTINGS, training_started=False)
    write_pseudo_labels(labels, table, {})
    return labels


def correct(table: Path, **words: str) -> None:
    """As a person does in a spreadsheet, which also sorts the rows and writes semicolons."""
    rows = [dict(row) for row in read_table(table, ())]
    for row in rows:
        row["corrected"] = words.get(row["clip"], row["corrected"])
    with table.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: row["confidence"]))


def test_a_corrected_clip_is_learned_once_for_sure_and_takes_a_place_of_its_class(tmp_path):
    before = select(some_labels(), SETTINGS)
    assert weights(before) == {"a": 1, "b": 1, "c": 1, "d": 0, "e": 0, "f": 3, "g": 0}
    written(tmp_path / "round1.csv")
    correct(tmp_path / "round1.csv", b="Happiness", c="drop", g="sad", f="OK")
    labels, late = with_corrections(
        some_labels(), tmp_path / "round1.csv", (), SETTINGS, training_started=False
    )
    assert labels.corrections == {"b": "happy", "c": "drop", "g": "sad", "f": "happy"} and late == 0
    # angry: a, d and a again. happy: b and f by a person, none is left to repeat. sad: g alone.
    assert weights(labels) == {"a": 2, "b": 1, "c": 0, "d": 1, "e": 0, "f": 1, "g": 1}
    soft = student_targets(labels, soft=True)
    assert soft[[1, 5, 6]].tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert np.array_equal(soft[0], labels.probabilities[0])
    assert student_targets(labels, soft=False)[6].tolist() == [0, 0, 1]


def test_the_summary_says_how_often_the_person_agreed(tmp_path):
    written(tmp_path / "round1.csv")
    correct(tmp_path / "round1.csv", a="ok", b="happy", c="drop", g="angry")
    labels, _ = with_corrections(some_labels(), tmp_path / "round1.csv", (), SETTINGS, training_started=False)
    found = summarise(labels)
    assert (found["corrected"], found["dropped"], found["checked"], found["right"]) == (4, 1, 4, 2)
    assert found["pool_per_class"] == {"angry": 3, "happy": 3, "sad": 0}
    # The report reads the same from the file.
    write_pseudo_labels(labels, tmp_path / "round1.csv", {})
    assert summarise(read_pseudo_labels(tmp_path / "round1.csv")) == found


def test_the_next_round_carries_corrections_and_its_teacher_is_not_praised_for_them(tmp_path):
    one, two = tmp_path / "round1.csv", tmp_path / "round2.csv"
    written(one)
    correct(one, b="happy", c="drop")
    second = written(two, [one])
    assert second.corrections == second.inherited_corrections == {"b": "happy", "c": "drop"}
    assert summarise(second)["corrected"] == 2 and summarise(second)["checked"] == 0
    with two.open(newline="") as file:
        assert {r["clip"]: r["corrected"] for r in csv.DictReader(file) if r["corrected"]} == {
            "b": "happy",
            "c": "drop",
        }
    # Taken back, changed, new; and one more in the table of the first round.
    correct(two, b="", c="sad", a="ok")
    correct(one, f="sad")
    labels, _ = with_corrections(some_labels(), two, [one], SETTINGS, training_started=False)
    assert labels.corrections == {"c": "sad", "a": "angry", "f": "sad"}
    assert (
        labels.inherited_corrections == {"b": "happy", "c": "drop", "f": "sad"}
        and summarise(labels)["checked"] == 2
    )
    # What the second round has taken back, the third does not find in the table of the first.
    write_pseudo_labels(labels, two, {})
    assert written(tmp_path / "round3.csv", [one, two]).corrections == labels.corrections
    again, _ = with_corrections(some_labels(), two, [one], SETTINGS, training_started=False)
    assert again.corrections == labels.corrections
    # A change of mind in the first table reaches the second, where nothing else was said.
    correct(one, f="happy", b="sad")
    changed, _ = with_corrections(some_labels(), two, [one], SETTINGS, training_started=False)
    assert changed.corrections == {"c": "sad", "a": "angry", "f": "happy", "b": "sad"}


def test_a_student_that_has_started_keeps_its_corrections(tmp_path):
    table = tmp_path / "round1.csv"
    written(table)
    correct(table, b="happy")
    at_start, _ = with_corrections(some_labels(), table, (), SETTINGS, training_started=False)
    write_pseudo_labels(at_start, table, {})
    correct(table, b="sad", a="ok")
    labels, late = with_corrections(some_labels(), table, (), SETTINGS, training_started=True)
    assert labels.corrections == {"b": "happy"} and weights(labels) == weights(at_start) and late == 2
    assert written(tmp_path / "round2.csv", [table]).corrections == {"b": "sad", "a": "angry"}
    table.unlink()
    labels, _ = with_corrections(some_labels(), table, (), SETTINGS, training_started=True)
    assert labels.corrections == {"b": "happy"} and weights(labels) == weights(at_start)
    table.with_suffix(".json").unlink()
    with refused(RunError, "round1.json", "--out"):
        with_corrections(some_labels(), table, (), SETTINGS, training_started=True)


def test_a_list_made_by_hand_will_do(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("corrected,clip\ndrop,a\nsad,g\n")
    assert read_corrections(file, some_labels()) == {"a": "drop", "g": "sad"}
    assert written(tmp_path / "round1.csv", [file]).inherited_corrections == {"a": "drop", "g": "sad"}


def test_a_kill_before_the_json_leaves_a_table_that_can_be_read(tmp_path):
    table = tmp_path / "round1.csv"
    written(table)
    old = table.with_suffix(".json").read_text()
    correct(table, b="happy", c="drop")
    labels, _ = with_corrections(some_labels(), table, (), SETTINGS, training_started=False)
    write_pseudo_labels(labels, table, {})
    table.with_suffix(".json").write_text(old)
    again, _ = with_corrections(some_labels(), table, (), SETTINGS, training_started=False)
    assert again.corrections == labels.corrections and weights(again) == weights(labels)
    table.with_suffix(".json").unlink()
    assert with_corrections(some_labels(), table, (), SETTINGS, training_started=False)[0].weights.sum()


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("clip,corrected\na,\nb,hapy\n", ("line 3", "'b'", "'hapy'", "did you mean happy")),
        ("clip,corrected\na,surprise\n", ("line 2", "'surprise'", "angry, happy, sad, ok", "drop")),
        ("clip,corrected\n7,sad\n", ("line 2", "'7'", "import the column clip")),
        ("clip,corrected\ne,sad\n", ("line 2", "'e'", "no face", "empty")),
        ("clip,corrected\na,sad\na,happy\n", ("line 3", "'a'", "happy", "sad")),
        ("clip,corrected\na,ok\n", ("line 2", "'a'", "ok", "label", "angry or happy or sad")),
    ],
)
def test_what_cannot_be_is_told_with_its_line(tmp_path, text, facts):
    (tmp_path / "mine.csv").write_text(text)
    with refused(DataError, "mine.csv", *facts):
        read_corrections(tmp_path / "mine.csv", some_labels())


@pytest.mark.parametrize(
    ("old", "new", "facts"),
    [
        ("\na,,angry", "\na,,sad", ("label of 'a'", "angry", "sad")),
        ("0.9000,1,1,", "0.9000,0,1,", ("weight of 'a'", "0", "1")),
    ],
)
def test_a_correction_in_another_column_is_not_lost(tmp_path, old, new, facts):
    table = tmp_path / "round1.csv"
    written(table)
    text = table.read_text().replace("\r\n", "\n")
    assert text.count(old) == 1, text
    table.write_text(text.replace(old, new))
    with refused(DataError, "round1.csv", "corrected", *facts):
        with_corrections(some_labels(), table, (), SETTINGS, training_started=False)


def test_a_row_that_is_gone_is_no_correction(tmp_path):
    table = tmp_path / "round1.csv"
    written(table)
    lines = [line for line in table.read_text().splitlines() if line[:2] not in ("b,", "c,")]
    table.write_text("\n".join(lines))
    with refused(DataError, "round1.csv", "'b' and 1 others", "drop"):
        with_corrections(some_labels(), table, (), SETTINGS, training_started=False)


def test_dropping_all_that_was_confident_is_told(tmp_path):
    table = tmp_path / "round1.csv"
    sure = replace(some_labels(), has_face=np.array([True] * 3 + [False] * 4))
    written(table, labels=sure)
    correct(table, a="drop", b="drop", c="drop")
    with refused(DataError, "no pseudo-label", "--pseudo.threshold"):
        with_corrections(sure, table, (), SETTINGS, training_started=False)


def test_a_table_finds_clips_by_other_spellings_of_their_ids(tmp_path):
    ids = ("a/1.mp4", "zo\u0308e/2.mp4", *"cdefg")
    labels = replace(some_labels(), clip_ids=ids)
    table = tmp_path / "round1.csv"
    written(table, labels=labels)
    text = table.read_text(encoding="utf-8").replace("a/1.mp4", "a\\1.mp4").replace("zo\u0308e", "z\xf6e")
    table.write_text(text, encoding="utf-8")
    correct(table, **{"a\\1.mp4": "HAPPY", "z\xf6e/2.mp4": "ok"})
    found, _ = with_corrections(labels, table, (), SETTINGS, training_started=False)
    assert found.corrections == {ids[0]: "happy", ids[1]: "angry"}
    write_pseudo_labels(found, table, {})
    again, _ = with_corrections(labels, table, (), SETTINGS, training_started=True)
    assert again.corrections == found.corrections and again.clip_ids == ids
    # Another run of the same videos, on a disk that keeps names in NFC: what it takes back is taken back.
    later = replace(labels, clip_ids=("a/1.mp4", "z\xf6e/2.mp4", *"cdefg"))
    second = tmp_path / "round2.csv"
    written(second, [table], labels=labels)
    correct(second, **{ids[1]: ""})
    inherited, _ = with_corrections(
        later, tmp_path / "round3.csv", [table, second], SETTINGS, training_started=False
    )
    assert inherited.corrections == {"a/1.mp4": "happy"}
