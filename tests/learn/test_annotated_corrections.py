"""Corrections from ELAN and Label Studio: intervals mean clips, and what is not clear is listed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from refused import refused

from vidfer.clips.annotations.elan import write_elan
from vidfer.clips.annotations.frame_clock import FrameClock
from vidfer.clips.annotations.interval import Interval
from vidfer.clips.annotations.label_studio import Task, write_label_studio
from vidfer.errors import DataError
from vidfer.learn.corrections import read_corrections, with_corrections
from vidfer.learn.match_intervals import tier_of
from vidfer.learn.pseudo_labels import PseudoLabels, write_pseudo_labels
from vidfer.learn.settings import PseudoLabelSettings

CLASSES = ("angry", "happy", "sad")

CLIPS = {
    "talk.mp4": ("films/talk.mp4", 0.0, 10.0),
    "talk.mp4#face2": ("films/talk.mp4", 0.0, 10.0),
    "walk 1": ("films/walk.mp4", 0.0, 3.0),
    "walk 2": ("films/walk.mp4", 3.0, 6.0),
    "walk 3": ("films/walk.mp4", 6.0, 9.0),
    "a/x.mp4": ("a/x.mp4", None, None),
    "b/x.mp4": ("b/x.mp4", None, None),
}
"""Whole videos with one face and with two, and clips of a longer video. The teacher says happy of all."""


@pytest.fixture
def labels() -> PseudoLabels:
    n = len(CLIPS)
    return PseudoLabels(
        clip_ids=tuple(CLIPS),
        probabilities=np.tile(np.float32([0.1, 0.8, 0.1]), (n, 1)),
        has_face=np.ones(n, bool),
        weights=np.zeros(n, np.int64),
        classes=CLASSES,
        teacher_hash="t",
        cache_hash="c",
        media=tuple(CLIPS.values()),
    )


def said(clip: str, label: str = "happy", **changes) -> Interval:
    """What vidfer writes for a clip, or what a person makes of it."""
    video, start_s, end_s = CLIPS[clip]
    span = {"start_s": start_s or 0.0, "end_s": end_s or 4.0, "probability": 0.9} | changes
    return Interval(media=video, tier=tier_of(clip), label=label, **span)


def eaf(path: Path, *intervals: Interval, annotator: str = "", video: str = "") -> Path:
    """An .eaf as a person leaves it: what has ``said`` is vidfer's annotation, now with another label."""
    before = [replace(one, label=one.said or one.label) for one in intervals]
    write_elan(path, path.parent / "x.mp4", before, CLASSES, name=video or intervals[0].media)
    text = path.read_text(encoding="utf-8")
    for one in intervals:
        if one.said is not None:
            mark = f">{one.said}</ANNOTATION_VALUE>"
            assert text.count(mark) == 1, "one such annotation, so that it is the one that changes"
            text = text.replace(mark, mark.replace(one.said, one.label))
    if annotator:
        text = text.replace('ANNOTATOR="vidfer"', f'ANNOTATOR="{annotator}"')
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path, labels: PseudoLabels) -> dict[str, str]:
    return read_corrections(path, labels)


def test_what_nobody_has_touched_is_no_correction(tmp_path, labels):
    path = eaf(tmp_path / "walk.eaf", *(said(f"walk {n}") for n in (1, 2, 3)))
    assert read(path, labels) == {}
    # Another teacher says angry: the file still holds what the old one said, and no person has said it.
    other = replace(labels, probabilities=labels.probabilities[:, [1, 0, 2]])
    assert read(path, other) == {}


def test_a_changed_annotation_is_a_correction(tmp_path, labels):
    path = eaf(tmp_path / "walk.eaf", said("walk 1"), said("walk 2", "drop", said="angry"), said("walk 3"))
    assert read(path, labels) == {"walk 2": "drop"}


def test_an_annotator_who_names_himself_has_looked_at_the_whole_tier(tmp_path, labels):
    path = eaf(tmp_path / "walk.eaf", said("walk 1"), said("walk 2", "sad"), annotator="Ana")
    assert read(path, labels) == {"walk 1": "happy", "walk 2": "sad"}


def test_the_borders_of_clips_need_not_be_hit_exactly(tmp_path, labels):
    drawn = [said("walk 1", "sad", end_s=3.2), said("walk 2", "angry", start_s=3.2, end_s=8.9)]
    path = eaf(tmp_path / "walk.eaf", *drawn, annotator="Ana")
    assert read(path, labels) == {"walk 1": "sad", "walk 2": "angry", "walk 3": "angry"}


def test_the_tier_says_which_face_is_meant(tmp_path, labels):
    path = eaf(tmp_path / "talk.eaf", said("talk.mp4", "sad"), said("talk.mp4#face2", "angry"), annotator="A")
    assert read(path, labels) == {"talk.mp4": "sad", "talk.mp4#face2": "angry"}
    strange = replace(said("talk.mp4", "sad"), tier="Bob")
    with refused(DataError, "talk.eaf", "1 places", "face 0, face 1", "tier 'Bob'"):
        read(eaf(tmp_path / "talk.eaf", strange, annotator="A"), labels)


def test_a_prediction_is_found_by_the_path_of_its_video(tmp_path, labels):
    """`vidfer predict` calls a video by its name alone."""
    path = eaf(tmp_path / "x.eaf", said("b/x.mp4", "sad"), annotator="A", video="x.mp4")
    with refused(DataError, "x.eaf", "did you mean a/x.mp4, b/x.mp4"):
        read(path, labels)
    text = path.read_text()
    assert f"{tmp_path}/x.mp4" in text and '"./x.mp4"' in text
    path.write_text(text.replace(f"{tmp_path}/x.mp4", "/films/b/x.mp4").replace("./x.mp4", ""))
    assert read(path, labels) == {"b/x.mp4": "sad"}


def test_a_textgrid_is_no_correction(tmp_path, labels):
    with refused(DataError, "a.TextGrid", "ELAN", "vidfer review"):
        read(tmp_path / "a.TextGrid", labels)


def test_a_whole_video_is_found_by_its_folder_and_name(tmp_path, labels):
    path = eaf(tmp_path / "x.eaf", said("a/x.mp4", "sad"), annotator="A", video="/data/new/a/x.mp4")
    assert read(path, labels) == {"a/x.mp4": "sad"}
    with refused(DataError, "x.eaf", "/data/c/x.mp4", "a/x.mp4, b/x.mp4"):
        read(eaf(path, said("a/x.mp4", "sad"), annotator="A", video="/data/c/x.mp4"), labels)


@pytest.mark.parametrize(
    ("drawn", "facts"),
    [
        ([("walk 1", "sad", {"end_s": 1.0})], ("walk 1", "sad over 33 %")),
        ([("walk 1", "sad", {"end_s": 0.1})], ("walk 1", "sad over 3 %")),
        (
            [("walk 1", "sad", {"end_s": 2.0}), ("walk 1", "angry", {"start_s": 2.0})],
            ("sad over 67 %", "angry"),
        ),
        ([("a/x.mp4", "sad", {"end_s": 2.0}), ("a/x.mp4", "angry", {"start_s": 2.0})], ("sad over 50 %",)),
        ([("walk 1", "sad", {"start_s": 20.0, "end_s": 21.0})], ("no unlabelled clip", "20.00 s", "21.00 s")),
    ],
)
def test_what_is_not_clear_is_told_and_not_guessed(tmp_path, labels, drawn, facts):
    intervals = [said(clip, label, **changes) for clip, label, changes in drawn]
    path = eaf(tmp_path / "v.eaf", *intervals, annotator="Ana")
    with refused(DataError, "v.eaf", "nothing is guessed", "annotation a1", *facts):
        read(path, labels)


def test_a_short_word_of_a_person_beside_vidfers_is_not_lost(tmp_path, labels):
    short = said("walk 1", "sad", start_s=1.0, end_s=1.2, said="angry")
    with refused(DataError, "walk.eaf", "sad over 7 %", "happy over 100 %"):
        read(eaf(tmp_path / "walk.eaf", said("walk 1"), short), labels)


def test_all_unclear_places_are_listed_and_counted(tmp_path, labels):
    drawn = [said("walk 1", "sad", start_s=20 + n, end_s=20.5 + n) for n in range(11)]
    with refused(DataError, "11 places", "from 20.00 s", "from 27.00 s", "and 3 more"):
        read(eaf(tmp_path / "walk.eaf", *drawn, annotator="Ana"), labels)


def test_a_word_that_is_no_class_is_told_with_its_annotation(tmp_path, labels):
    path = eaf(tmp_path / "walk.eaf", said("walk 1", "hapy"), annotator="Ana")
    with refused(DataError, "walk.eaf", "annotation a1", "'walk 1'", "did you mean happy"):
        read(path, labels)


def export(path: Path, *tasks: list[Interval], skipped: int | None = None) -> Path:
    """What Label Studio exports after the tasks have been submitted."""
    made = [
        Task(
            media=Path("x.mp4"),
            name=told[0].media,
            person=told[0].tier,
            intervals=told,
            clock=FrameClock(rate=25),
        )
        for told in tasks
    ]
    write_label_studio(path, made, CLASSES)
    content = json.loads(path.read_text())
    for number, task in enumerate(content):
        annotation = {"completed_by": 1, "result": task["predictions"][0]["result"]}
        task |= {"id": number + 1, "annotations": [annotation | {"was_cancelled": number == skipped}]}
    path.write_text(json.dumps(content))
    return path


def test_a_submitted_task_of_label_studio_says_ok_or_another_class(tmp_path, labels):
    tasks = [[said("walk 1"), said("walk 2", "sad"), said("walk 3", "drop")], [said("a/x.mp4")]]
    path = export(tmp_path / "done.json", *tasks)
    assert read(path, labels) == {"walk 1": "happy", "walk 2": "sad", "walk 3": "drop", "a/x.mp4": "happy"}
    assert read(export(path, *tasks, skipped=0), labels) == {"a/x.mp4": "happy"}


def test_two_annotators_of_label_studio_who_disagree_are_named(tmp_path, labels):
    path = export(tmp_path / "done.json", [said("a/x.mp4", "sad")], [said("a/x.mp4", "angry")])
    with refused(DataError, "done.json", "'a/x.mp4'", "sad over 100 %", "angry over 100 %", "task 1"):
        read(path, labels)


def test_the_student_learns_from_what_came_back(tmp_path, labels):
    path = export(tmp_path / "done.json", [said("walk 2", "sad"), said("walk 3", "ok")])
    settings = PseudoLabelSettings(threshold=0.5, quota=3)
    table = tmp_path / "round1.csv"
    found, _ = with_corrections(labels, table, [path], settings, training_started=False)
    assert found.corrections == {"walk 2": "sad", "walk 3": "happy"}
    write_pseudo_labels(found, table, {})
    # The export was there before the table; a word in the table counts more.
    table.write_text(table.read_text().replace("walk 2,sad", "walk 2,angry"))
    found, _ = with_corrections(labels, table, [path], settings, training_started=False)
    assert found.corrections == {"walk 2": "angry", "walk 3": "happy"}
