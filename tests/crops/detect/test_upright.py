"""By how much a film must be turned, so that its faces are upright."""

import numpy as np
import pytest

from vidfer.crops.detect.upright import MOST_FRAMES, SHORT_PX, FrameSample, rotation_to_upright


def turned(images, rotation: int) -> list[np.ndarray]:
    """The images, which must be turned clockwise by so many degrees to be upright."""
    return [np.ascontiguousarray(np.rot90(image, rotation // 90)) for image in images]


@pytest.fixture(scope="module")
def people(draw_actor) -> list[np.ndarray]:
    """A frame of each of three people."""
    return [draw_actor(person, 1)[0][0] for person in (2, 6, 7)]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_it_is_found(detector, people, rotation):
    assert rotation_to_upright(detector, turned(people, rotation)) == rotation
    assert rotation_to_upright(detector, turned(people[:1], rotation)) == rotation


def test_most_frames_decide(detector, people):
    nobody = np.full_like(people[0], 90)
    assert rotation_to_upright(detector, [*turned(people[:2], 180), people[2], nobody]) == 180
    assert rotation_to_upright(detector, [*turned(people[:1], 180), *people[1:]]) == 0


def test_without_a_face_or_with_one_in_a_single_frame_nothing_is_told(detector, people):
    nobody = np.full_like(people[0], 90)
    assert rotation_to_upright(detector, []) == rotation_to_upright(detector, [nobody]) == 0
    assert rotation_to_upright(detector, [nobody, *turned(people[:1], 90), nobody]) == 0


@pytest.mark.parametrize("n_frames", [1, 9, 10, 500])
def test_a_sample_is_spread_evenly(n_frames):
    sample = FrameSample()
    for number in range(n_frames):
        sample.add([np.full((4, 6, 3), number % 256, np.uint8)])
    assert sample.n_seen == n_frames
    kept = [int(image[0, 0, 0]) for image in sample.images]
    assert kept[0] == 0 and len({*np.diff(np.array(kept)) % 256}) <= 1
    assert min(n_frames, MOST_FRAMES // 2 + 1) <= len(kept) <= MOST_FRAMES


def test_large_frames_are_kept_small(people):
    sample = FrameSample()
    sample.add([np.zeros((2160, 3840, 3), np.uint8), people[0]])
    assert [image.shape for image in sample.images] == [(SHORT_PX, 1280, 3), people[0].shape]
    people[0][0, 0] += 1  # a reader may use its memory again
    assert (sample.images[1][0, 0] != people[0][0, 0]).all()
