"""Label Studio: its frame numbers, the tasks it imports, and the export that it gives back."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from label_studio_exports import exported
from refused import refused

from vidfer.clips.annotations.frame_clock import FrameClock, frame_clock
from vidfer.clips.annotations.interval import Interval
from vidfer.clips.annotations.label_studio import Box, Task, write_label_studio
from vidfer.clips.annotations.label_studio_export import read_label_studio
from vidfer.errors import DataError

CLASSES = ("angry", "happy", "neutral")


def test_numbers_begin_at_one_and_a_range_includes_its_last():
    clock = FrameClock(rate=25.0)
    assert clock.numbers(0.0, 0.04) == (1, 1)
    assert clock.numbers(0.0, 1.0) == (1, 25)
    assert clock.numbers(1.0, 2.0) == (26, 50)  # touches the one before, and shares no number with it
    assert clock.numbers(0.5, 0.5) == (14, 14)
    assert clock.seconds(1, 25) == (0.0, 1.0) and clock.seconds(26, 50) == (1.0, 2.0)


@pytest.mark.parametrize("rate", [24.0, 25.0, 30000 / 1001, 50.0])
@pytest.mark.parametrize("digits", [3, 9])
def test_at_a_constant_rate_a_number_is_a_frame(rate, digits):
    times_s = [round(i / rate, digits) for i in range(2000)]
    clock = frame_clock(times_s)
    assert clock.rate == pytest.approx(rate, abs=1e-4) and not clock.times_s
    assert all(clock.numbers(t, t)[0] == i + 1 for i, t in enumerate(times_s))


def test_frames_that_are_missing_from_a_constant_rate_leave_the_others_their_numbers():
    times_s = [round(i / 25, 3) for i in range(1000) if i % 7 not in (2, 3)]
    clock = frame_clock(times_s)
    assert clock == FrameClock(rate=25.0)
    assert all(clock.numbers(t, t)[0] == round(25 * t) + 1 for t in times_s)


def test_an_end_between_two_frames_comes_back_exactly():
    clock = FrameClock(rate=25.0).knowing([0.04, 1.013, 2.0, 3.0267])
    assert clock.times_s == (1.013, 3.0267)
    assert clock.seconds(*clock.numbers(0.04, 1.013)) == (0.04, 1.013)
    assert clock.seconds(*clock.numbers(1.013, 2.0)) == (1.013, 2.0)
    assert clock.seconds(*clock.numbers(2.0, 3.0267)) == (2.0, 3.0267)


def test_times_on_a_half_number_come_back_exactly():
    times_s = [round(0.02 * i, 2) for i in (0, 2, 4, 10, 12, 15, 25, 27, 29, 45)]
    clock = frame_clock(times_s)
    for a in range(9):
        for b in range(a + 1, 10):
            assert clock.seconds(*clock.numbers(times_s[a], times_s[b])) == (times_s[a], times_s[b])


def test_at_a_variable_rate_the_times_of_frames_come_back_exactly():
    gaps_s = np.random.default_rng(3).choice([0.016, 0.033, 0.1, 0.5], 400)
    times_s = np.round(np.concatenate([[0], np.cumsum(gaps_s)]), 6).tolist()
    clock = frame_clock(times_s)
    assert clock.rate == 63 and len(clock.times_s) == 402
    assert len({clock.numbers(t, t)[0] for t in times_s}) == 401
    for a, b in [(0, 1), (0, 400), (17, 18), (100, 250), (398, 400)]:
        assert clock.seconds(*clock.numbers(times_s[a], times_s[b])) == (times_s[a], times_s[b])
    # A time between two frames that an annotator has chosen stays about where it is.
    assert clock.seconds(1, 2)[0] == 0.0 and abs(clock.seconds(500, 600)[0] - 499 / 63) <= 0.5 / 63 + 1e-6


@pytest.mark.parametrize(("times_s", "rate"), [([], 25), ([0.0], 25), ([0.0, 0.0], 25), ([0, 0.001, 9], 120)])
def test_clocks_of_strange_videos(times_s, rate):
    assert frame_clock(times_s).rate == rate


def film(folder: Path, times_s) -> Task:
    told = [
        Interval(media="", tier="2", start_s=0.0, end_s=times_s[3], label="happy", probability=0.75),
        Interval(media="", tier="2", start_s=times_s[3], end_s=times_s[9], label="unsure", probability=0.25),
    ]
    boxes = [Box(time_s=times_s[i], x=0.1, y=0.2, width=0.3, height=0.4, seen=i < 8) for i in (0, 4, 8)]
    return Task(
        media=folder / "in" / "ä b.mp4",
        name="b/ä b.mp4",
        person="2",
        intervals=told,
        clock=frame_clock(times_s),
        duration_s=times_s[-1],
        boxes=boxes,
    )


TIMES_S = [0.0, 0.04, 0.08, 0.2, 0.24, 0.3, 0.5, 0.54, 0.58, 0.9]


def test_a_task_goes_there_and_back(tmp_path):
    task = film(tmp_path, TIMES_S)
    out = tmp_path / "out" / "tasks.json"
    assert write_label_studio(out, [task], CLASSES) == tmp_path
    [written] = json.loads(out.read_text())
    data, [prediction] = written["data"], written["predictions"]
    assert data["video"] == "/data/local-files/?d=in/%C3%A4%20b.mp4" and data["name"] == "b/ä b.mp4"
    assert data["person"] == "2" and data["fps"] == 26 and data["times_s"][:4] == TIMES_S[:4]
    assert prediction["score"] == 0.5 and prediction["model_version"] == "vidfer"
    first, second, box = prediction["result"]
    assert first["value"] == {"ranges": [{"start": 1, "end": 5}], "timelinelabels": ["happy"]}
    assert second["value"]["ranges"] == [{"start": 6, "end": 23}] and second["score"] == 0.25
    assert [key["frame"] for key in box["value"]["sequence"]] == [1, 7, 16]
    assert [key["enabled"] for key in box["value"]["sequence"]] == [True, True, False]
    assert box["value"]["sequence"][1] == {
        "frame": 7,
        "enabled": True,
        "rotation": 0,
        "time": 7 / 26,
        "x": 10,
        "y": 20,
        "width": 30,
        "height": 40,
    }
    (tmp_path / "back.json").write_text(json.dumps(exported(out)))
    found = read_label_studio(tmp_path / "back.json")
    assert [(one.start_s, one.end_s, one.label) for one in found] == [
        (0.0, 0.2, "happy"),
        (0.2, 0.9, "unsure"),
    ]
    assert {(one.media, one.tier, one.by) for one in found} == {
        ("b/ä b.mp4", "2", "annotator ana@example.org")
    }


def test_the_configuration_names_what_the_tasks_use(tmp_path):
    write_label_studio(tmp_path / "t.json", [film(tmp_path, TIMES_S)], CLASSES)
    view = ElementTree.parse(tmp_path / "t.xml").getroot()
    video, timeline = view.find("Video"), view.find("TimelineLabels")
    assert (video.get("value"), video.get("frameRate")) == ("$video", "$fps")
    assert [label.get("value") for label in timeline] == [*CLASSES, "unsure", "ok", "drop"]
    assert len({label.get("hotkey") for label in timeline}) == 6
    [task] = json.loads((tmp_path / "t.json").read_text())
    names = {one.get("name") for one in view if one.get("name")}
    assert {one["from_name"] for one in task["predictions"][0]["result"]} <= names


def test_what_nobody_has_submitted_is_not_read(tmp_path):
    write_label_studio(tmp_path / "t.json", [film(tmp_path, TIMES_S)] * 3, CLASSES)
    tasks = exported(tmp_path / "t.json")
    tasks[0]["annotations"][0]["was_cancelled"] = True
    del tasks[1]["annotations"]
    (tmp_path / "back.json").write_text(json.dumps(tasks))
    assert {one.where.split()[4] for one in read_label_studio(tmp_path / "back.json")} == {"3"}


def test_a_box_with_an_expression_is_an_interval(tmp_path):
    keys = [(1, True), (11, True), (26, False), (51, True)]
    sequence = [{"frame": f, "enabled": on, "time": f / 25, "x": 0, "y": 0} for f, on in keys]
    value = {"sequence": sequence, "labels": ["happy"], "framesCount": 75, "duration": 3}
    result = {"id": "q", "type": "videorectangle", "value": value}
    task = {"id": 1, "data": {"video": "/data/upload/1/a%20b.mp4"}, "annotations": [{"result": [result]}]}
    (tmp_path / "back.json").write_text(json.dumps([task]))
    found = read_label_studio(tmp_path / "back.json")
    # The frame rate, which the task does not say, is that of the times of the box.
    assert [(one.start_s, one.end_s, one.media) for one in found] == [
        (0.0, 26 / 25, "/data/upload/1/a b.mp4"),
        (2.0, 3.0, "/data/upload/1/a b.mp4"),
    ]


def of_region(**changes):
    def change(tasks):
        tasks[0]["annotations"][0]["result"][0]["value"] |= changes

    return change


def of_data(**changes):
    def change(tasks):
        tasks[0]["data"] |= changes

    return change


def without_boxes(tasks):
    tasks[0]["annotations"][0]["result"] = tasks[0]["annotations"][0]["result"][:2]


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        ([of_region(timelinelabels=["happy", "sad"])], ("label1", "task 1", "2 labels")),
        ([of_region(timelinelabels=[])], ("label1", "no labels")),
        ([of_region(ranges=[{"start": 0, "end": 4}])], ("label1", "frame 0", "from 1")),
        ([of_region(ranges=[{"start": 9, "end": 4}])], ("frame 9", "4")),
        ([of_region(ranges=[{"start": 1}])], ("task 1", "end")),
        ([of_region(ranges=7)], ("task 1",)),
        ([of_data(fps=None), without_boxes], ("task 1", "fps", "24")),
        ([of_data(fps="fast")], ("task 1", "fast")),
        ([of_data(fps=-3)], ("task 1", "-3")),
        ([of_data(times_s=[3, 1])], ("task 1", "order")),
        ([of_data(video=None)], ("task 1", "no video")),
    ],
)
def test_a_region_that_says_nothing_sure_is_refused(tmp_path, changes, facts):
    write_label_studio(tmp_path / "t.json", [film(tmp_path, TIMES_S)], CLASSES)
    tasks = exported(tmp_path / "t.json")
    for change in changes:
        change(tasks)
    (tmp_path / "back.json").write_text(json.dumps(tasks))
    with refused(DataError, "back.json", *facts):
        read_label_studio(tmp_path / "back.json")


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", '[{"video": "a.mp4", "expression": []}]', "[" * 100_000, '{"a": 1'],
)
def test_another_file_is_refused(tmp_path, text):
    (tmp_path / "other.json").write_text(text)
    with refused(DataError, "other.json", "Export, JSON"):
        read_label_studio(tmp_path / "other.json")
