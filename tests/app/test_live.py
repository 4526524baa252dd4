"""The live view of a camera: late by a second, never older than a pause, and nowhere on the disk."""

import numpy as np
import pytest
from small_films import actor, nobody

from vidfer.app.live import LONGEST_GAP_S, MOST_PX, LiveView
from vidfer.app.result_html import live_html
from vidfer.infer.predictor import load


@pytest.fixture
def view():
    return LiveView(load())


def look(view, frames, begin_s=100.0):
    return [view.look(image, begin_s + i / 10) for i, image in enumerate(frames)]


def test_a_face_is_told_after_about_a_second(view):
    pictures = look(view, actor(n_frames=20))
    assert pictures[0] is None
    late = next(i for i, picture in enumerate(pictures) if picture)
    assert late <= 15
    (person,) = pictures[-1].moments
    assert person.face_id == 0 and set(person.probabilities) == set(view.predictor.classes)
    text = live_html(view.predictor.classes, pictures[-1], "Looking")
    assert "Face 0" in text and "data:image/jpeg;base64," in text and 'data-state="live"' in text


def test_after_a_pause_nothing_old_is_shown(view):
    assert look(view, actor(n_frames=20))[-1] is not None
    assert view.look(actor()[0], 102.0 + LONGEST_GAP_S) is None


def test_another_camera_begins_anew(view):
    look(view, actor(n_frames=20))
    assert view.look(np.ascontiguousarray(actor()[0][:150]), 102.0) is None


def test_nobody_is_told(view):
    picture = look(view, nobody(20))[-1]
    assert picture.moments == () and "Nobody is seen" in live_html(view.predictor.classes, picture, "")


def test_two_frames_of_one_time_are_one(view):
    frames = actor(n_frames=20)
    for i in range(20):
        view.look(frames[i], 100 + i / 10)
        shown = view.look(frames[i], 100 + i / 10)
    assert shown is not None


def test_large_frames_are_made_smaller(view):
    view.look(np.zeros((900, 1600, 3), np.uint8), 0.0)
    assert view._shape == (360, MOST_PX, 3)
