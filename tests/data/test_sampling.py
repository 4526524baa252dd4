from types import SimpleNamespace

import numpy as np
import pytest

from vidfer.data.sampling import cap_frames, segment_frames, uniform_frames


def test_uniform_frames_are_the_middles_of_equal_segments():
    assert uniform_frames(8, 4).tolist() == [1, 3, 5, 7]
    assert uniform_frames(9, 3).tolist() == [1, 4, 7]
    assert uniform_frames(5, 5).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("n", [1, 2, 3, 63, 64])
def test_uniform_frames_of_a_short_clip_are_all_of_them_once(n):
    assert uniform_frames(n, 64).tolist() == [*range(n)]


def test_random_frames_of_a_short_clip_repeat():
    rng = np.random.default_rng(0)
    assert segment_frames(1, 4, rng).tolist() == [0, 0, 0, 0]
    assert segment_frames(2, 4, rng).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("n", [1, 2, 3, 7, 16, 100])
@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_every_random_frame_lies_in_its_segment(n, count):
    rng = np.random.default_rng(0)
    for _ in range(50):
        frames = segment_frames(n, count, rng)
        assert frames.shape == (count,)
        assert frames.dtype == np.int64
        k = np.arange(count)
        assert (frames >= np.floor(k * n / count)).all()
        assert (frames <= np.ceil((k + 1) * n / count) - 1).all()


def test_every_frame_can_be_drawn_about_equally_often():
    rng = np.random.default_rng(0)
    drawn = np.concatenate([segment_frames(10, 4, rng) for _ in range(5000)])
    counts = np.bincount(drawn, minlength=10) / len(drawn)
    assert np.abs(counts - 0.1).max() < 0.01


def test_nothing_to_choose_from_is_a_fault_of_the_caller():
    with pytest.raises(ValueError, match="of 0 frames"):
        uniform_frames(0, 4)
    with pytest.raises(ValueError, match="cannot choose 0"):
        uniform_frames(4, 0)


def test_no_more_frames_than_the_longest_clip_has():
    clips = [SimpleNamespace(n_faces=n) for n in (0, 3, 5)]
    assert cap_frames(8, clips) == 5 and cap_frames(2, clips) == 2
    assert cap_frames(8, clips[:1]) == 1 and cap_frames(8, []) == 1
