"""A data set that writes one person, or one label, in several ways."""

import pytest

from vidfer.clips import find_clips
from vidfer.clips.clip import Clip
from vidfer.clips.spelling import with_one_spelling

NFC, NFD = "z\xf6e", "zo\u0308e"


def write_table(folder, rows: str, name: str = "clips.csv"):
    table = folder / name
    table.write_text(rows, encoding="utf-8")
    return table


def test_subjects_of_a_table_that_differ_in_case_or_accents_are_one(tmp_path):
    people = ("ACTOR0001", "actor0001", NFD, NFC, "Bob")
    for i in range(len(people)):
        (tmp_path / f"{i}.mp4").touch()
    rows = "".join(f"{i}.mp4,happy,{name}\n" for i, name in enumerate(people))
    notes = []
    clips = find_clips("table", write_table(tmp_path, f"path,label,subject\n{rows}"), on_note=notes.append)
    assert [clip.subject for clip in clips] == ["actor0001", "actor0001", NFC, NFC, "Bob"]
    (note,) = [note for note in notes if "subject:" in note]
    assert "'ACTOR0001' is taken for 'actor0001'" in note and f"'{NFC}'" in note and f"'{NFD}'" in note
    assert "Bob" not in note


@pytest.mark.parametrize("names", [(NFC, NFD), ("Stra\xdfe", "STRASSE")])
def test_label_folders_that_are_one_label(tmp_path, names):
    for i, name in enumerate(names):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{i}.mp4").touch()
    (tmp_path / "happy").mkdir()
    (tmp_path / "happy" / "2.mp4").touch()
    notes = []
    clips = find_clips("folder", tmp_path, on_note=notes.append)
    assert len(clips) == 3 and len({clip.label for clip in clips}) == 2
    assert len([note for note in notes if "label:" in note]) == 1


def test_subjects_in_names_of_files_that_differ_in_case_are_one(tmp_path):
    for name in ("happy/Ann_1", "happy/bob_1", "sad/ann_2", "sad/BOB_2"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.mp4").touch()
    clips = find_clips("folder", tmp_path, subject_pattern=r"(.+)_\d+")
    assert {clip.id: clip.subject for clip in clips} == {
        "happy/Ann_1.mp4": "ann",
        "happy/bob_1.mp4": "bob",
        "sad/ann_2.mp4": "ann",
        "sad/BOB_2.mp4": "bob",
    }


def test_names_that_never_meet_stay_as_they_are(tmp_path):
    clips = [
        Clip(id=str(i), path=tmp_path, subject=name, label="Happy") for i, name in enumerate(("Ann", NFD))
    ]
    assert with_one_spelling(clips) == (clips, [])
