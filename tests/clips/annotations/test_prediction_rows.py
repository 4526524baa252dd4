"""From ELAN's files of a prediction, as people save them, to clips with labels and examples to learn from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from label_studio_exports import exported
from made_up_predictions import write_all_tables
from refused import refused

from vidfer.clips import find_clips
from vidfer.clips.annotations.prediction_rows import annotated_rows
from vidfer.clips.sources.prediction import COLUMNS
from vidfer.errors import DataError
from vidfer.infer.prediction_folder import PredictionFolder
from vidfer.infer.support.examples import find_examples
from vidfer.report.export_annotations import export_prediction
from vidfer.tables import read_table, write_table


@pytest.fixture
def prediction(tmp_path) -> PredictionFolder:
    """Two people in one film of two seconds; ELAN's file is as `vidfer predict --elan` writes it."""
    written = write_all_tables(tmp_path, {"pair.mp4": {0: "hhhhhhhhhhnnnnnnnnnn", 1: "s" * 20}})
    (tmp_path / "pair.mp4").write_bytes(b"not opened here")
    export_prediction(written, tmp_path / "annotations", elan=True)
    return written


def change(prediction: PredictionFolder, old: str, new: str, count: int = 1) -> Path:
    """Change a text in ELAN's file, as ELAN does when a person corrects something."""
    (file,) = (prediction.folder / "annotations").glob("*.eaf")
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, count), encoding="utf-8")
    return file


def labels(prediction: PredictionFolder) -> dict[str, str | None]:
    return {clip.id: clip.label for clip in find_clips("prediction", prediction.folder)}


VALUE = "<ANNOTATION_VALUE>{}</ANNOTATION_VALUE>"


def test_what_was_changed_in_elan_is_a_label_and_the_rest_is_not(prediction):
    change(prediction, VALUE.format("happy"), VALUE.format("surprise"))
    found = labels(prediction)
    assert found == {"pair.mp4#0@1.0-2.0": None, "pair.mp4#1@0.0-2.0": None, "pair.mp4#0@0-1": "surprise"}
    (clip,) = [one for one in find_clips("prediction", prediction.folder) if one.label]
    assert (clip.start_s, clip.end_s, clip.subject) == (0, 1, "pair.mp4#0")
    assert clip.box_hint == (20, 20, 60, 70)


def test_a_tier_with_a_name_is_right_where_it_was_left_unchanged(prediction):
    tier = 'ANNOTATOR="vidfer" PARTICIPANT="face 1"'
    change(prediction, tier, 'ANNOTATOR="ann" PARTICIPANT="face 1"', count=2)
    found = labels(prediction)
    assert found == {"pair.mp4#0@0.0-1.0": None, "pair.mp4#0@1.0-2.0": None, "pair.mp4#1@0-2": "sad"}


def test_borders_that_people_draw_are_those_of_the_clip_and_dropped_parts_are_left_out(prediction):
    change(prediction, VALUE.format("happy"), VALUE.format("drop"))
    change(prediction, VALUE.format("neutral"), VALUE.format("sad"))
    change(prediction, 'TIME_VALUE="2000"', 'TIME_VALUE="1850"')
    assert labels(prediction) == {"pair.mp4#1@0.0-2.0": None, "pair.mp4#0@1-1.85": "sad"}


def test_times_of_long_films_keep_their_milliseconds(prediction):
    change(prediction, 'TIME_VALUE="1000"', 'TIME_VALUE="36001126"', count=9)
    change(prediction, 'TIME_VALUE="2000"', 'TIME_VALUE="36002128"', count=9)
    change(prediction, VALUE.format("neutral"), VALUE.format("sad"))
    (row,) = annotated_rows(prediction.folder, {"pair.mp4": "pair.mp4"}, prediction.classes)
    assert (row["start_s"], row["end_s"], row["corrected"]) == ("36001.126", "36002.128", "sad")


def test_the_review_and_elan_must_not_contradict_each_other(prediction):
    change(prediction, VALUE.format("happy"), VALUE.format("surprise"))
    rows = read_table(prediction.segments_csv, ("input", "label"))
    words = {"happy": "sad", "neutral": "", "sad": "ok"}
    said = [
        row | {"path": str(prediction.folder / "pair.mp4"), "corrected": words[row["label"]]} for row in rows
    ]
    write_table(prediction.folder / "corrections.csv", COLUMNS, [[row[k] for k in COLUMNS] for row in said])
    with refused(DataError, "corrections.csv", "pair.eaf", "'sad'", "'surprise'"):
        find_clips("prediction", prediction.folder)
    said[0]["corrected"] = "surprise"
    write_table(prediction.folder / "corrections.csv", COLUMNS, [[row[k] for k in COLUMNS] for row in said])
    found = labels(prediction)
    assert found == {"pair.mp4#0@1.0-2.0": None, "pair.mp4#1@0.0-2.0": "sad", "pair.mp4#0@0-1": "surprise"}


def test_what_was_submitted_in_label_studio_is_a_label_with_the_borders_that_it_has_there(prediction):
    folder = prediction.folder / "annotations"
    (folder / "pair.eaf").unlink()
    export_prediction(prediction, folder, label_studio=True)
    with refused(DataError, "nobody has looked", "Label Studio"):  # the tasks say what vidfer says
        labels(prediction)
    [first, second] = exported(folder / "label_studio.json")
    regions = first["annotations"][0]["result"]
    regions[0]["value"] |= {"timelinelabels": ["surprise"], "ranges": [{"start": 1, "end": 8}]}
    second["annotations"][0]["was_cancelled"] = True
    (folder / "project-1.json").write_text(json.dumps([first, second]))
    found = labels(prediction)
    assert found == {"pair.mp4#1@0.0-2.0": None, "pair.mp4#0@0-0.8": "surprise", "pair.mp4#0@1-2": "neutral"}


def test_what_two_files_say_counts_once_and_must_be_the_same(prediction):
    change(prediction, 'ANNOTATOR="vidfer"', 'ANNOTATOR="ann"', count=99)
    folder = prediction.folder / "annotations"
    export_prediction(prediction, folder, label_studio=True)
    (folder / "project-1.json").write_text(json.dumps(exported(folder / "label_studio.json")))
    found = labels(prediction)
    assert found == {"pair.mp4#0@0-1": "happy", "pair.mp4#0@1-2": "neutral", "pair.mp4#1@0-2": "sad"}
    change(prediction, VALUE.format("neutral"), VALUE.format("drop"))
    with refused(DataError, "pair.eaf", "project-1.json", "'neutral'", "'drop'", "correct one"):
        labels(prediction)


@pytest.mark.parametrize(
    ("old", "new", "fact"),
    [(">pair.mp4<", ">other.mp4<", "other.mp4"), ('TIER_ID="face 1"', 'TIER_ID="speech"', "speech")],
)
def test_a_file_of_another_film_or_of_nobody_is_refused(prediction, old, new, fact):
    change(prediction, VALUE.format("sad"), VALUE.format("happy"))
    change(prediction, old, new)
    with refused(DataError, "pair.eaf", fact):
        find_clips("prediction", prediction.folder)


def test_labelled_segments_are_examples_and_neutral_is_background(prediction):
    with refused(DataError, str(prediction.folder), "vidfer review"):
        find_examples(prediction.folder)
    change(prediction, VALUE.format("happy"), VALUE.format("surprise"))
    change(prediction, 'ANNOTATOR="vidfer"', 'ANNOTATOR="ann"', count=99)
    found = find_examples(prediction.folder)
    assert found.classes == ("sad", "surprise") and sorted(found.labels()) == [-1, 0, 1]
    assert {clip.subject for clip in found.clips} == {"pair.mp4#0", "pair.mp4#1"}
    (prediction.folder / "corrections.csv").write_text(",".join(COLUMNS) + "\n")
    assert find_examples(prediction.folder / "corrections.csv").classes == found.classes
