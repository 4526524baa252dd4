"""Progress: a bar on a terminal, a line every half minute elsewhere."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from fake_clock import FakeClock

from vidfer.commands.predict import InputProgress
from vidfer.commands.progress import Progress, epoch_bar
from vidfer.commands.progress_lines import EVERY_S, ProgressLines, duration_text
from vidfer.commands.say import output
from vidfer.commands.stopped import position
from vidfer.commands.time_left import TimeLeft
from vidfer.infer.prediction_folder import PredictedInput


@pytest.fixture
def clock(monkeypatch) -> FakeClock:
    return FakeClock(monkeypatch)


def work(
    clock: FakeClock, seconds: list[float], *, first: int = 0, total: int | None = None, **how
) -> list[str]:
    """The lines about pieces of work that take these times."""
    lines = []
    shown = ProgressLines("cropping", how.pop("unit", "clip"), lines.append, **how)
    for done, took_s in enumerate([0, *seconds], first):
        clock.advance(took_s)
        shown.update(done, total or len(seconds))
    shown.close()
    return lines


def test_a_line_every_half_minute_and_a_last_one(clock):
    assert EVERY_S == 30
    assert work(clock, [0.25] * 1200, total=1200)[:2] == [
        "cropping: 120 of 1,200 clips, 4.0 clips/s, 4 min 30 s left",
        "cropping: 240 of 1,200 clips, 4.0 clips/s, 4 min 0 s left",
    ]
    lines = work(clock, [0.25] * 1210)
    assert len(lines) == 11 and lines[-1] == "cropping: 1,210 clips in 5 min 2 s, 4.0 clips/s"


def test_short_work_says_nothing(clock):
    assert work(clock, [1.0] * 29) == []


def test_slow_work_tells_the_time_of_a_piece(clock):
    assert work(clock, [100.0, 100.0]) == [
        "cropping: 1 of 2 clips, 100.0 s/clip, 1 min 40 s left",
        "cropping: 2 clips in 3 min 20 s, 100.0 s/clip",
    ]


def test_what_was_done_before_the_start_does_not_make_it_fast(clock):
    assert work(clock, [10.0] * 3, first=997, total=1200)[0] == (
        "cropping: 1,000 of 1,200 clips, 10.0 s/clip, 33 min 20 s left"
    )


def test_work_that_ends_early_tells_how_far_it_came(clock):
    assert work(clock, [31.0], total=9)[-1] == "cropping: 1 of 9 clips in 31 s, 31.0 s/clip"


def test_nothing_is_done_for_long(clock):
    lines = []
    shown = ProgressLines("drawing", "clip", lines.append)
    for _ in range(2):
        shown.update(0, 5)
        clock.advance(40)
    assert lines == ["drawing: 0 of 5 clips"]


def test_bytes_are_scaled(clock):
    lines = []
    shown = ProgressLines("downloading x", "B", lines.append, unit_scale=True)
    for done in (0, 12_300_000, 90_000_000):
        shown.update(done, 90_000_000)
        clock.advance(30)
    shown.close()
    assert lines[0] == "downloading x: 12.3M of 90M B, 410k B/s, 3 min 10 s left"
    assert lines[-1] == "downloading x: 90M B in 1 min 30 s, 1M B/s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (3599, "59 min 59 s"), (7384, "2 h 3 min")],
)
def test_a_duration(seconds, text):
    assert duration_text(seconds) == text


def test_where_there_is_no_terminal_lines_are_shown_and_no_carriage_return(clock, capsys):
    with Progress("cropping", "clip") as progress:
        for done in range(3):
            progress(done, 2)
            clock.advance(40)
    said = capsys.readouterr().err
    assert said.splitlines() == [
        "cropping: 1 of 2 clips, 40.0 s/clip, 40 s left",
        "cropping: 2 clips in 2 min 0 s, 60.0 s/clip",
    ]
    assert "\r" not in said
    assert (position.what, position.unit, position.done, position.total) == ("cropping", "clip", 2, 2)


def test_many_short_films_have_one_progress_that_says_which_film_it_is(clock, capsys):
    films = [PredictedInput(name=f"{number}.mp4", path="") for number in range(4)]
    with InputProgress(films) as progress:
        for film in films:
            progress(film.name, 25, 50)
            clock.advance(20)
    assert capsys.readouterr().err.splitlines() == [
        "predicting: 2 of 4 inputs, 20.0 s/input, 40 s left; now 2.mp4, frame 25 of 50",
        "predicting: 4 inputs in 1 min 20 s, 20.0 s/input",
    ]


def test_films_that_were_done_before_count_and_the_one_that_was_begun_comes_first(clock, capsys):
    states = {"a.mp4": "failed", "b.mp4": "done", "c.mp4": "done", "d.mp4": "begun"}
    films = [PredictedInput(name=name, path="", state=state) for name, state in states.items()]
    with InputProgress(films) as progress:
        for name in ("d.mp4", "a.mp4"):
            progress(name, 25, 50)
            clock.advance(40)
    assert capsys.readouterr().err.splitlines() == [
        "predicting: 3 of 4 inputs, 40.0 s/input, 40 s left; now a.mp4, frame 25 of 50",
        "predicting: 4 inputs in 1 min 20 s, 40.0 s/input",
    ]


def test_one_film_has_a_progress_of_its_frames(clock, capsys):
    with InputProgress([PredictedInput(name="film.mp4", path="")]) as progress:
        for done in (0, 300, 600):
            progress("film.mp4", done, 900)
            clock.advance(30)
    first = capsys.readouterr().err.splitlines()[0]
    assert first == "film.mp4: 300 of 900 frames, 10.0 frames/s, 1 min 0 s left"


def test_quiet_shows_none(clock, capsys, monkeypatch):
    monkeypatch.setattr(output, "quiet", True)
    with Progress("cropping", "clip") as progress:
        for done in range(3):
            progress(done, 2)
            clock.advance(40)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_has_a_bar(capsys, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Progress("cropping", "clip") as progress:
        progress(0, 2)
        progress.bar.delay = 0
        progress(2, 2, "the last one")
        progress.bar.refresh()
    said = capsys.readouterr().err
    assert "cropping: 100%" in said and "the last one" in said


@pytest.mark.parametrize(("main", "shown"), [(True, 1), (False, 0)])
def test_batches_of_an_epoch(main, shown, clock, capsys):
    bar = epoch_bar("epoch 2/9", SimpleNamespace(is_main_process=main))
    seen = []
    for batch in bar("abc", initial=1, total=4):
        seen.append(batch)
        clock.advance(20)
    assert seen == [*"abc"]
    lines = capsys.readouterr().err.splitlines()
    assert lines[:1] == ["epoch 2/9: 3 of 4 batches, 20.0 s/batch, 20 s left"] * shown
    assert len(lines) == 2 * shown


def test_each_epoch_tells_how_long_the_others_take(clock):
    left, said = TimeLeft(4), []
    for took_s in (90, 30, 60, 60):
        clock.advance(took_s)
        said.append(left.text())
    assert said == ["; 4 min 30 s left", "; 2 min 0 s left", "; 1 min 0 s left", ""]
