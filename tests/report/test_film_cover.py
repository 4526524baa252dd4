"""Faces in a film that may be shown: which are covered, and that nothing is left to be recognised."""

import numpy as np
import pytest
from drawn_films import actor, moments_of, write_actor
from made_up_predictions import moment, write_prediction

from vidfer.crops.decode.video import read_chunks
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.settings import CropSettings
from vidfer.report.film.cover import LONGEST_GAP_S, cover_faces, with_covers
from vidfer.report.film.write_film import write_film

BOX = np.array((40, 30, 80, 90), np.float32)


def covers_of(row, *, fps=10.0):
    """The boxes covered in each frame, of a person who is seen where the row has an ``x``; the box moves a
    pixel a frame."""
    frames = [
        [moment("a", i + 1, i / fps, 0, "happy", box=BOX + i)]
        if sign == "x"
        else [moment("a", i + 1, i / fps)]
        for i, sign in enumerate(row)
    ]
    return [covers for _, covers in with_covers(frames)]


def test_every_seen_face_is_covered_at_its_box():
    for i, covers in enumerate(covers_of("xxxx")):
        np.testing.assert_array_equal(covers, [BOX + i])


def test_a_missed_face_is_covered_at_the_place_between():
    for i, covers in enumerate(covers_of("xx" + "." * 20 + "xx")):
        np.testing.assert_allclose(covers, [BOX + i], atol=1e-4)


def test_a_face_that_was_away_is_covered_for_a_moment_before_and_after():
    covers = covers_of("x" + "." * 60 + "x")
    covered = [i for i, boxes in enumerate(covers) if boxes]
    assert covered == [*range(7), *range(55, 62)]
    np.testing.assert_array_equal(covers[6], [BOX])
    np.testing.assert_array_equal(covers[55], [BOX + 61])


@pytest.mark.parametrize("longer", [0, 1])
def test_the_longest_gap(longer):
    gap = round(LONGEST_GAP_S * 10) + longer
    covers = covers_of("x" + "." * (gap - 1) + "x")
    assert bool(covers[gap // 2]) is (longer == 0)


def test_all_moments_come_through_in_order():
    frames = [[moment("a", i + 1, i / 10)] for i in range(100)]
    assert [told for told, _ in with_covers(frames)] == frames


def test_pixels_outside_stay():
    frames, truth = actor()
    image = frames[0].copy()
    cover_faces(image, [truth.box_xyxy[0]])
    x1, y1, x2, y2 = truth.box_xyxy[0]
    margin = 0.4 * max(x2 - x1, y2 - y1) + 1
    outside = np.ones(image.shape[:2], bool)
    outside[
        max(0, int(y1 - margin)) : int(y2 + margin) + 1, max(0, int(x1 - margin)) : int(x2 + margin) + 1
    ] = False
    assert (image[outside] == frames[0][outside]).all() and outside.any()
    inside = image[int(y1) : int(y2), int(x1) : int(x2)].astype(float)
    sharp = [np.abs(np.diff(picture, axis=1)).mean() for picture in (inside, frames[0].astype(float))]
    assert sharp[0] < 0.5 * sharp[1]


@pytest.mark.parametrize(
    "box", [(-50, -50, -10, -10), (230, 170, 400, 300), (0, 0, 1, 1), (-20, -20, 300, 300)]
)
def test_boxes_at_the_edge(box):
    image = actor()[0][0].copy()
    cover_faces(image, [np.array(box, float)])
    assert image.shape == (180, 240, 3)


def test_the_detector_finds_no_face_any_more(tmp_path):
    video = tmp_path / "a.mp4"
    write_actor(video, size=(480, 360), sound=None)
    times_s = np.concatenate([chunk.times_s for chunk in read_chunks(video)])
    moments = moments_of("a.mp4", times_s, actor(480, 360)[1])
    moments[10:20] = [[moment("a.mp4", i + 1, times_s[i])] for i in range(10, 20)]
    prediction = write_prediction(tmp_path, {video: moments})
    detector, found = FaceDetector("cpu", CropSettings()), []
    for blur_faces in (False, True):
        write_film(prediction, "a.mp4", tmp_path / "film.mp4", blur_faces=blur_faces)
        images = np.concatenate([chunk.images for chunk in read_chunks(tmp_path / "film.mp4")])[::3]
        found.append([len(faces) for faces in detector.detect(list(images))])
    assert min(found[0]) == 1 and max(found[1]) == 0, found
