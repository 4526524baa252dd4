"""Totals of a prediction, against counts by hand."""

from __future__ import annotations

import pytest
from made_up_predictions import CLASSES, write_all_tables
from refused import refused

from vidfer.errors import DataError
from vidfer.infer import totals
from vidfer.infer.prediction_folder import PredictionFolder
from vidfer.infer.summary import SEGMENT_COLUMNS
from vidfer.infer.totals import segments_of, strongest, totals_columns, totals_of, totals_row
from vidfer.report.totals_text import in_all_text
from vidfer.tables import write_table

FILMS = {
    "a/one.mp4": {0: "hhhhhh????", 1: "nnnnnnnnnn"},
    "a/two.mp4": {0: "nnnnnsssss"},
    "b/three.mp4": {0: "          "},
    "broken.mp4": {},
}
"""Ten frames each; in the third film nobody is seen, and the last one could not be read."""


@pytest.fixture
def prediction(tmp_path) -> PredictionFolder:
    return write_all_tables(tmp_path, FILMS)


def test_in_all_each_frame_of_each_person_counts_once(prediction):
    (whole,) = totals_of(prediction)
    assert (whole.n_inputs, whole.n_people, whole.n_frames) == (3, 3, 30)
    assert whole.seen_s == pytest.approx(3.0)
    shares = {name: whole.share(name) for name in (*CLASSES, "unsure")}
    told = {"happy": 6 / 30, "neutral": 15 / 30, "sad": 5 / 30, "surprise": 0, "unsure": 4 / 30}
    assert shares == pytest.approx(told, abs=1e-4)
    assert [name for name, _ in whole.shares(CLASSES)] == ["neutral", "happy", "sad", "unsure"]
    for n in (0.14, 0.15):  # not told, as it would be 0 %; half a per cent is rounded to the even number
        whole.n_labelled["surprise"] = n
        assert len(whole.shares(CLASSES)) == 4
    assert in_all_text(whole, CLASSES) == "in all: neutral 50 %, happy 20 %, sad 17 %, unsure 13 %"
    assert whole.length_s("neutral") == pytest.approx(0.75) and len(whole.lengths_s["neutral"]) == 2
    assert whole.length_s("surprise") is None


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("person", [("a/one.mp4", 0, 1, 10), ("a/one.mp4", 1, 1, 10), ("a/two.mp4", 0, 1, 10)]),
        ("input", [("a/one.mp4", None, 2, 20), ("a/two.mp4", None, 1, 10), ("b/three.mp4", None, 0, 0)]),
        ("folder", [("a", None, 3, 30), ("b", None, 0, 0)]),
    ],
)
def test_rows_of_people_inputs_and_folders(prediction, by, rows):
    found = totals_of(prediction, by)
    assert [(one.input, one.face_id, one.n_people, one.n_frames) for one in found] == rows


def test_several_totals_come_from_one_look_into_the_tables(prediction, monkeypatch):
    alone = [totals_of(prediction, by) for by in ("all", "person", "all")]
    read, tables = [], totals.iterate_table
    monkeypatch.setattr(
        totals, "iterate_table", lambda path, *of: read.append(path.name) or tables(path, *of)
    )
    assert [[totals_row(one, CLASSES) for one in many] for many in alone] == [
        [totals_row(one, CLASSES) for one in many]
        for many in totals.totals_by(prediction, ["all", "person", "all"])
    ]
    assert sorted(read) == ["clips.csv", "segments.csv"]


def test_a_row_has_a_cell_for_each_column_and_none_where_nobody_is_seen(prediction):
    columns = totals_columns(CLASSES)
    first, *_, last = (
        dict(zip(columns, totals_row(one, CLASSES), strict=True)) for one in totals_of(prediction, "input")
    )
    assert first["share_neutral"] == 0.5 and first["segment_s_neutral"] == 1.0 and first["n_people"] == 2
    assert sum(first[f"mean_{name}"] for name in CLASSES) == pytest.approx(1, abs=1e-3)
    assert last["share_happy"] is None and last["mean_happy"] is None and last["segments_happy"] == 0
    assert (last["n_inputs"], last["n_frames"]) == (1, 0)


def test_the_strongest_segments_come_first_and_short_ones_can_be_left_out(prediction):
    rows = [("x", 0, 0, 1, "happy", p, 0) for p in (0.7, 0.9)] + [("y", 0, 0, 0.1, "happy", 0.99, 0)]
    rows.append(("z", 0, 0, 9, "sad", 1.0, 0))
    write_table(prediction.segments_csv, SEGMENT_COLUMNS, rows)
    found = [*segments_of(prediction)]
    assert [one.probability for one in strongest(found, "happy", 2)] == [0.99, 0.9]
    assert [one.probability for one in strongest(found, "happy", 9, min_s=0.5)] == [0.9, 0.7]


@pytest.mark.parametrize(("by", "place"), [("all", 4), ("person", 1)])
def test_a_cell_that_is_no_number_is_told_with_its_place(prediction, by, place):
    lines = prediction.clips_csv.read_text().splitlines()
    cells = lines[3].split(",")
    cells[place] = "many"
    prediction.clips_csv.write_text("\n".join([*lines[:3], ",".join(cells)]))
    with refused(DataError, "line 4", "clips.csv", "many"):
        totals_of(prediction, by)
