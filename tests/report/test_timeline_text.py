"""The timelines of people: what is kept of their moments, and the lines of the terminal."""

import re
from dataclasses import replace

import numpy as np
import pytest
from made_up_predictions import CLASSES, film_of, moment

from vidfer.infer.moment import UNSURE
from vidfer.report.expression_colours import colours_of, letters_of
from vidfer.report.person_timeline import build_timelines
from vidfer.report.time_text import clock, hours, length
from vidfer.report.timeline_text import timeline_text

PEOPLE = {0: "h" * 50 + "?" * 25 + " " * 25 + "s" * 50, 3: " " * 100 + "n" * 50}


def lines_of(text):
    return text.split("\n")


def test_shares_and_peaks_are_those_of_the_frames():
    lines = build_timelines(film_of("a.mp4", PEOPLE), CLASSES)
    first, second = lines.people[0], lines.people[3]
    assert lines.n_frames == 150 and lines.n_faceless == 25 and lines.end_s == pytest.approx(149 / 25)
    assert first.shares == {"happy": 50 / 125, "sad": 50 / 125, UNSURE: 25 / 125}
    assert second.first == 100 and second.counts.sum() == 50
    np.testing.assert_allclose(first.sums.sum(0).sum(), 125, rtol=1e-5)
    assert [(peak.label, peak.frame) for peak in first.best_moments()] == [
        ("happy", 1), (UNSURE, 51), ("sad", 101),
    ]  # fmt: skip


def test_the_surest_moments_of_the_surest_runs_are_peaks():
    frames = [
        [moment("a", i + 1, i / 25, 0, "sad" if i % 10 == 9 else "happy", sure=0.5 + i / 1000)]
        for i in range(100)
    ]
    peaks = build_timelines(frames, CLASSES).people[0].best_moments()
    assert [peak.frame for peak in peaks if peak.label == "happy"] == [79, 89, 99]


@pytest.mark.parametrize("most_steps", [7, 64, 150])
def test_joined_steps_hold_all_frames(most_steps):
    long, short = (build_timelines(film_of("a", PEOPLE), CLASSES, n) for n in (16384, most_steps))
    assert short.n_steps <= most_steps and short.step_s >= 0.04
    for face, person in long.people.items():
        joined = short.people[face]
        assert (joined.counts.sum(0) == person.counts.sum(0)).all()
        np.testing.assert_allclose(joined.sums.sum(0), person.sums.sum(0), rtol=1e-5)
        assert joined.first == int(person.first * 0.04 / short.step_s)
        assert joined.first + len(joined.counts) <= short.n_steps


def test_each_cell_tells_the_label_of_its_time():
    text = timeline_text("a.mp4", build_timelines(film_of("a.mp4", PEOPLE), CLASSES), width=100)
    title, first, second, marks, legend = lines_of(text)
    assert title == "a.mp4  0:00.0 to 0:06.0"
    row = first[first.index("│") + 1 : first.rindex("│")]
    cells = len(row)
    expected = {"H": 1 / 3, "·": 1 / 6, " ": 1 / 6, "S": 1 / 3}
    assert {sign: row.count(sign) for sign in expected} == {
        sign: pytest.approx(share * cells, abs=1) for sign, share in expected.items()
    }
    assert re.fullmatch("H+·+ +S+", row) and re.fullmatch(
        " +N+", second[second.index("│") + 1 : -1].split("│")[0]
    )
    assert "happy 40 %, sad 40 %, unsure 20 %" in first
    assert "└0:00" in marks and "└0:04" in marks
    assert marks.index("└0:04") == pytest.approx(first.index("│") + 1 + 4 / 6 * cells, abs=1)
    assert "H happy" in legend and "· unsure" in legend and "surprise" not in legend


def test_who_is_mostly_unsure_is_told_with_the_likeliest_expression():
    frames = [[replace(moment("a", i + 1, i / 25, 0, "sad", sure=0.4), label=UNSURE)] for i in range(50)]
    text = timeline_text("a", build_timelines(frames, CLASSES), width=100)
    assert "unsure 100 %; likeliest: sad, 40 %" in text
    surer = [[moment("a", i + 1, i / 25, 0, "sad" if i % 3 else UNSURE)] for i in range(50)]
    assert "likeliest" not in timeline_text("a", build_timelines(surer, CLASSES), width=100)


@pytest.mark.parametrize("width", [40, 60, 80, 133, 200])
def test_no_line_is_wider_than_the_terminal(width):
    frames = film_of("a/very/long/name/" * 20 + ".mp4", PEOPLE)
    text = timeline_text("a/very/long/name/" * 20, build_timelines(frames, CLASSES), width=width)
    assert max(map(len, lines_of(text))) <= width
    assert "happy 40 %" in text


def test_colours_are_only_escapes_around_the_letters():
    lines = build_timelines(film_of("a.mp4", PEOPLE), CLASSES)
    plain, coloured = (timeline_text("a.mp4", lines, colour=colour) for colour in (False, True))
    assert "\x1b[" not in plain and "\x1b[38;5;" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_ascii_where_the_terminal_has_no_other_letters():
    lines = build_timelines(film_of("表.mp4", PEOPLE), CLASSES)
    assert timeline_text("表情.mp4", lines, unicode=False).isascii()


def test_a_name_cannot_control_the_terminal():
    lines = build_timelines(film_of("a", PEOPLE), CLASSES)
    assert "\x1b[31m" not in timeline_text("a\x1b[31m.mp4", lines, colour=True)


def test_nobody_and_very_many_people():
    assert "no face" in timeline_text("a", build_timelines(film_of("a", {0: "    "}), CLASSES))
    many = {face: "h" * (face + 5) for face in range(20)}
    text = timeline_text("a", build_timelines(film_of("a", many), CLASSES))
    assert "face 19" in text and "face 3 " not in text and "and 12 more people" in text


def test_one_frame_is_enough():
    assert "H" in lines_of(timeline_text("a", build_timelines(film_of("a", {0: "h"}), CLASSES)))[1]


def test_letters_and_colours_tell_expressions_apart():
    names = (
        "angry",
        "disgust",
        "fear",
        "happy",
        "neutral",
        "sad",
        "surprise",
        "schmollen",
        "表情",
        "笑",
        "ÄÖ",
    )
    letters = letters_of(names)
    assert len(set(letters.values())) == len(names) and all(len(sign) == 1 for sign in letters.values())
    assert letters["happy"] == "H" and letters["sad"] == "S" and "".join(letters.values()).isascii()
    assert len({*colours_of(names).values()}) == len(names) + 2


def test_times_are_written_as_people_do():
    assert [hours(s) for s in (0, 7.9, 750, 3723)] == ["0:00", "0:07", "12:30", "1:02:03"]
    assert [clock(s) for s in (0, 7.34, 59.97, 3723.5)] == ["0:00.0", "0:07.3", "1:00.0", "1:02:03.5"]
    assert [length(s) for s in (7.34, 60)] == ["0:07.3", "1:00"]
