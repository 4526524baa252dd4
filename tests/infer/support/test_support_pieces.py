from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from refused import refused

from vidfer.actors.draw import draw_clip
from vidfer.actors.identity import sample_identity
from vidfer.clips.clip import Clip
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.settings import CropSettings
from vidfer.errors import DataError
from vidfer.infer.support.pieces import piece_frames, read_pieces
from vidfer.infer.support.settings import SupportSettings


def pieces(times_s, has_face=None, **settings):
    has_face = np.ones(len(times_s), bool) if has_face is None else has_face
    return piece_frames(np.asarray(times_s), np.asarray(has_face), SupportSettings(**settings))


def test_an_image_and_a_short_clip_are_one_piece():
    assert [p.tolist() for p in pieces([0.0])] == [[0]]
    assert [p.tolist() for p in pieces([0.0, 0.4, 0.8])] == [[0, 1, 2]]
    assert [p.tolist() for p in pieces(np.arange(25) / 25, frames=5)] == [[2, 7, 12, 17, 22]]


def test_a_longer_clip_is_cut_into_pieces_that_overlap():
    times = np.arange(75) / 25  # the last frame is at 2.96 s
    found = pieces(times, frames=100)
    assert [(p[0], p[-1]) for p in found] == [(0, 24), (12 + 1, 37), (25, 49), (38, 62)]
    assert len(pieces(np.arange(2500) / 25)) == 12


def test_pieces_do_not_depend_on_where_the_clip_starts_in_its_video():
    times = np.arange(50) / 25
    assert [p.tolist() for p in pieces(times + 7.3)] == [p.tolist() for p in pieces(times)]


def test_frames_without_a_face_are_never_shown():
    has_face = np.ones(100, bool)
    has_face[30:60] = False
    found = pieces(np.arange(100) / 25, has_face, frames=50)
    assert all(has_face[p].all() for p in found) and len(found) > 2
    # A piece whose face is mostly missing is left out.
    assert all(len(p) >= 12 for p in found)
    assert pieces([0.0, 1.0], [False, False]) == []
    has_face[:] = False
    has_face[[0, 99]] = True
    assert len(pieces(np.arange(100) / 25, has_face)) >= 1


@pytest.fixture(scope="module")
def two_people(tmp_path_factory) -> Path:
    """A picture of two drawn people beside each other."""
    people = [
        draw_clip(
            sample_identity(np.random.default_rng(seed)),
            "happy",
            setting="studio",
            seed=seed,
            n_frames=1,
            fps=10,
            size=(320, 240),
        )[0][0]
        for seed in (1, 2)
    ]
    path = tmp_path_factory.mktemp("two") / "two.png"
    cv2.imwrite(str(path), np.concatenate(people, axis=1)[..., ::-1])
    return path


def test_of_several_people_the_main_one_counts_or_the_one_in_the_box(two_people):
    crops = CropSettings(size_px=64)
    detector, settings = FaceDetector("cpu", crops), SupportSettings()
    clip = Clip(id="two.png", path=two_people, label="pout")
    main, mask, note = read_pieces(clip, detector, crops, settings)
    assert main.shape == (1, 1, 3, 3, 64, 64) and mask.all()
    assert "two.png" in note and "2 people" in note and "width" in note
    left, right = (
        read_pieces(replace(clip, box_hint=box), detector, crops, settings)
        for box in ((80, 40, 240, 200), (400, 40, 560, 200))
    )
    assert not left[2] and not right[2]
    assert (left[0] == main).all() != (right[0] == main).all()


def test_a_part_of_a_video_that_is_not_there_is_refused(two_people, tmp_path):
    crops = CropSettings(size_px=64)
    grey = tmp_path / "grey.png"
    cv2.imwrite(str(grey), np.full((200, 200, 3), 128, np.uint8))
    for path, fact in ((grey, "no face"), (tmp_path / "gone.mp4", "gone.mp4")):
        with refused(DataError, fact):
            read_pieces(Clip(id="x", path=path), FaceDetector("cpu", crops), crops, SupportSettings())
