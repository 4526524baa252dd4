"""Frames and truth of drawn clips."""

import dataclasses

import cv2
import numpy as np
import pytest
import torch

from vidfer.actors.conditions import CONDITIONS
from vidfer.actors.draw import draw_acts, draw_clip, draw_scene
from vidfer.actors.identity import sample_identity
from vidfer.actors.stage.scene import Occluder, sample_scene
from vidfer.actors.units import INDEX, resting

SIZE = (320, 240)


def clip(seed: int, setting: str = "wild", label: str = "fear", n_frames: int = 6):
    identity = sample_identity(np.random.default_rng(seed))
    return draw_clip(identity, label, setting=setting, seed=seed, n_frames=n_frames, fps=25, size=SIZE)


def still_scene(n_frames: int, **changes):
    """A scene in which nothing moves, without noise."""
    scene = sample_scene(np.random.default_rng(0), n_frames, 25, SIZE, CONDITIONS["studio"])
    still = {
        "yaw_rad": np.zeros(n_frames),
        "pitch_rad": np.zeros(n_frames),
        "roll_rad": np.zeros(n_frames),
        "centre_px": np.tile((160.0, 110.0), (n_frames, 1)),
        "half_width_px": np.full(n_frames, 48.0),
        "gaze": np.zeros((n_frames, 2)),
        "gain": np.ones(n_frames),
        "noise_sd": 0.0,
    }
    return dataclasses.replace(scene, **still | changes)


@pytest.mark.parametrize("setting", CONDITIONS)
def test_the_same_arguments_give_the_same_bytes(setting):
    frames, truth = clip(3, setting)
    again, truth_again = clip(3, setting)
    assert frames.dtype == np.uint8 and frames.shape == (6, 240, 320, 3)
    assert frames.tobytes() == again.tobytes()
    assert truth.intensities.tobytes() == truth_again.intensities.tobytes()
    assert frames.tobytes() != clip(4, setting)[0].tobytes()


GOLDEN = {
    "studio": {
        "box": (116.496, 78.254, 202.106, 171.797),
        "nose": (158.904, 124.167),
        "units": (0.9247, 0.5666, 0.7867, 0.5835),
        "blocks": (
            ((77.1, 84.1, 98.0), (86.8, 88.6, 97.4), (78.2, 79.3, 86.7), (54.4, 59.4, 69.5)),
            ((82.8, 90.6, 105.5), (150.6, 135.8, 128.7), (132.6, 117.9, 110.6), (59.1, 64.4, 75.4)),
            ((79.3, 86.6, 100.9), (126.8, 117.7, 118.5), (111.9, 102.6, 102.7), (56.1, 61.2, 71.7)),
            ((66.8, 72.1, 82.6), (88.5, 76.7, 57.8), (81.7, 70.6, 52.9), (46.5, 50.0, 57.2)),
        ),
    },
    "wild": {
        "box": (125.113, 75.183, 191.19, 146.762),
        "nose": (157.489, 108.641),
        "units": (0.7891, 0.4087, 0.5516, 0.4182),
        "blocks": (
            ((98.0, 107.8, 113.7), (134.9, 121.9, 143.5), (105.3, 117.7, 120.2), (84.0, 96.0, 98.7)),
            ((111.8, 118.1, 127.8), (174.8, 136.8, 162.5), (112.1, 113.9, 111.1), (88.5, 101.1, 104.0)),
            ((101.3, 111.2, 117.5), (125.4, 105.6, 119.2), (103.5, 104.5, 101.2), (84.3, 96.3, 99.1)),
            ((75.9, 86.8, 89.3), (70.1, 65.7, 53.1), (60.1, 55.9, 45.4), (72.2, 82.6, 84.8)),
        ),
    },
}
"""The last frame of a clip in each setting: face box and tip of the nose in pixels; units 1, 4, 5 and 26 on
the left side; mean colours of 4 x 4 blocks."""


@pytest.mark.parametrize("setting", CONDITIONS)
def test_a_clip_is_drawn_as_it_always_was(setting):
    frames, truth = clip(3, setting)
    golden = GOLDEN[setting]
    np.testing.assert_allclose(truth.box_xyxy[5], golden["box"], atol=1e-3)
    np.testing.assert_allclose(truth.landmarks[5, 2], golden["nose"], atol=1e-3)
    shown = [truth.intensities[5, INDEX[unit], 0] for unit in (1, 4, 5, 26)]
    np.testing.assert_allclose(shown, golden["units"], atol=1e-4)
    blocks = frames[5].reshape(4, 60, 4, 80, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(blocks, golden["blocks"], atol=0.2)


def test_acts_are_one_scene_and_one_act_is_a_clip():
    size = {"setting": "studio", "fps": 10, "size": (80, 80)}
    clip, _ = draw_clip(sample_identity(np.random.default_rng(3)), "happy", seed=3, n_frames=6, **size)
    np.testing.assert_array_equal(draw_acts(3, ["happy"], frames_of_an_act=6, **size), clip)
    two = draw_acts(3, ["happy", "surprise"], frames_of_an_act=6, **size).astype(float)
    steps = np.abs(np.diff(two[:, :8, :8], axis=0)).mean((1, 2, 3))  # a corner, where nobody is
    assert len(two) == 12 and steps.max() < 2  # no cut between the acts


def test_threads_do_not_change_a_byte():
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        one = clip(5)[0].tobytes()
        cv2.setNumThreads(4)
        assert clip(5)[0].tobytes() == one
    finally:
        cv2.setNumThreads(before)


def test_a_still_scene_with_a_resting_face_stands_still(person):
    frames, _ = draw_scene(person, resting(3), still_scene(3), SIZE, plain=True)
    assert (frames == frames[0]).all()


def test_the_truth_follows_the_head(person):
    turn = np.array([0.0, 0.3, 0.0, 0.0])
    roll = np.array([0.0, 0.0, 0.2, 0.0])
    intensities = resting(4)
    intensities[3, INDEX[26]] = 1
    scene = still_scene(4, yaw_rad=turn, roll_rad=roll)
    frames, truth = draw_scene(person, intensities, scene, SIZE, plain=True)
    straight, turned, tilted, _ = truth.landmarks
    eyes = straight[1] - straight[0]
    assert abs(eyes[1]) < 1e-6 and 35 < eyes[0] < 48
    moved = turned - straight
    assert moved[2, 0] > moved[0, 0] > 2, "the nose moves more than the eyes"
    slope = np.arctan2(*(tilted[1] - tilted[0])[::-1])
    assert slope == pytest.approx(0.2, abs=0.01)
    assert truth.box_xyxy[3, 3] > truth.box_xyxy[0, 3] + 4, "a dropped jaw lowers the chin"
    # The pupils are dark where the truth says that the eyes are.
    for frame, marks in zip(frames[:3], truth.landmarks[:3]):
        for x, y in marks[:2].round().astype(int):
            assert frame[y - 2 : y + 3, x - 2 : x + 3].min() < 60


def test_a_hand_covers_what_is_behind_it(person):
    hand = Occluder(kind="hand", centre=np.array([(0.0, 0.8), (0.0, 0.8)]), angle_rad=0.0)
    bare, truth = draw_scene(person, resting(2), still_scene(2), SIZE, plain=True)
    covered, _ = draw_scene(person, resting(2), still_scene(2, occluder=hand), SIZE, plain=True)
    change = np.abs(bare[0].astype(int) - covered[0]).max(axis=2)
    mouth_x, mouth_y = truth.landmarks[0, 3:].mean(0).round().astype(int)
    eye_x, eye_y = truth.landmarks[0, 0].round().astype(int)
    assert change[mouth_y - 2 : mouth_y + 3, mouth_x - 8 : mouth_x + 9].mean() > 10
    assert change[eye_y - 4 : eye_y + 5, eye_x - 6 : eye_x + 7].max() == 0


def test_other_sizes_hold_the_same_scene():
    identity = sample_identity(np.random.default_rng(1))
    arguments = {"setting": "studio", "seed": 1, "n_frames": 2, "fps": 25}
    _, small_truth = draw_clip(identity, "happy", size=(320, 240), **arguments)
    large, large_truth = draw_clip(identity, "happy", size=(640, 480), **arguments)
    assert large.shape == (2, 480, 640, 3)
    np.testing.assert_allclose(large_truth.landmarks, 2 * small_truth.landmarks, atol=2.5)


def test_people_differ():
    faces = [clip(seed, "studio", "neutral", 1)[0][0, 60:180, 110:210].astype(int) for seed in range(6)]
    differences = [np.abs(a - b).mean() for i, a in enumerate(faces) for b in faces[:i]]
    assert min(differences) > 8


@pytest.mark.parametrize(("setting", "wanted"), [("studio", 0.95), ("wild", 0.85)])
def test_mtcnn_finds_the_face(setting, wanted):
    """A smaller version of tools/check_actors.py: 60 frames of 20 people, bounds a little lower."""
    from facenet_pytorch import MTCNN

    clips = [clip(100 + n, setting, ("happy", "angry", "surprise")[n % 3], 3) for n in range(20)]
    frames = np.concatenate([frames for frames, _ in clips])
    truth = np.concatenate([truth.box_xyxy for _, truth in clips])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # nets this small only wait for one another
    detections = MTCNN(keep_all=True, min_face_size=40, device="cpu").detect(frames)
    torch.set_num_threads(threads)
    found = 0
    for box, faces, scores in zip(truth, *detections):
        sure = [] if faces is None else faces[scores >= 0.9]
        found += any(_overlap(box, face) >= 0.4 for face in sure)
    assert found / len(frames) >= wanted


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    shared = (np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])).clip(0).prod()
    return shared / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - shared)
