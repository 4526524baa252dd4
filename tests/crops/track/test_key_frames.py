from collections.abc import Iterator
from itertools import pairwise

import cv2
import numpy as np
import pytest

from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.detect.side_by_side import alone
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.key_frames import KeyFrameScan, scan_key_frames


def chunks_of(images: np.ndarray, times_s: np.ndarray, chunk_frames: int) -> Iterator[FrameChunk]:
    for i in range(0, len(images), chunk_frames):
        yield FrameChunk(images[i : i + chunk_frames], times_s[i : i + chunk_frames])


def scan_at(chunks: Iterator[FrameChunk], detector, key_every_s: float) -> KeyFrameScan:
    return alone(scan_key_frames(chunks, CropSettings(key_every_s=key_every_s)), detector)


def scan_of(
    detector, greys: np.ndarray, key_every_s: float, times_s: np.ndarray | None = None, chunk_frames: int = 32
) -> KeyFrameScan:
    """The key-frame scan of a clip of plain frames in these grey levels, 25 a second."""
    images = np.broadcast_to(greys[:, None, None, None], (len(greys), 26, 32, 3)).astype(np.uint8)
    times_s = np.arange(len(greys)) / 25 if times_s is None else times_s
    return scan_at(chunks_of(images, times_s, chunk_frames), detector, key_every_s)


def test_key_frames_are_evenly_spread_up_to_the_ends(detector):
    scan = scan_of(detector, np.full(25, 90), 0.24)
    searched_in_vain = [3, 9, 15, 21]
    assert sorted(scan.key_frames) == sorted([0, 6, 12, 18, 24, *searched_in_vain])
    assert (scan.width, scan.height) == (32, 26) and (scan.shots == 0).all()


@pytest.mark.parametrize("chunk_frames", [1, 5, 32])
def test_without_a_time_between_them_all_frames_are_searched(detector, chunk_frames):
    scan = scan_of(detector, np.full(37, 90), 0, chunk_frames=chunk_frames)
    assert sorted(scan.key_frames) == list(range(37))


def test_slow_clips_are_searched_in_every_frame(detector):
    assert len(scan_of(detector, np.full(9, 90), 0.3, np.arange(9) / 2.5).key_frames) == 9


def test_shots_begin_and_end_with_a_key_frame(detector):
    greys = np.repeat([20, 200, 60, 240], [1, 31, 20, 8])
    scan = scan_of(detector, greys, 10.0)
    assert scan.shots.tolist() == np.repeat([0, 1, 2, 3], [1, 31, 20, 8]).tolist()
    searched_in_vain = [16, 41, 55]
    assert sorted(scan.key_frames) == sorted([0, 1, 31, 32, 51, 52, 59, *searched_in_vain])
    assert all(key.shot == scan.shots[frame] for frame, key in scan.key_frames.items())


@pytest.mark.parametrize("seed", range(8))
def test_what_holds_for_all_key_frames(detector, seed):
    """A variable frame rate, shots and chunks of any length."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(4, 30, 5)
    greys, n = np.repeat(rng.permutation([10, 70, 130, 190, 250]), lengths), int(lengths.sum())
    steps_s = rng.exponential(0.04, n) + 0.001
    steps_s[rng.integers(n)] += 2
    chunk_frames = int(rng.integers(3, 33))
    scan = scan_of(detector, greys, 0.3, np.cumsum(steps_s), chunk_frames)
    keys = np.array(sorted(scan.key_frames))
    assert scan.shots.tolist() == np.repeat(np.arange(5), lengths).tolist()
    starts = np.cumsum(lengths)
    assert set(starts - 1) | set(starts[:-1]) | {0} <= set(keys.tolist())
    between = [(a, b) for a, b in pairwise(keys) if b - a > 1]
    for a, b in between:
        assert (a + 1) // chunk_frames == (b - 1) // chunk_frames == b // chunk_frames
        slack_s = steps_s[a + 1 : b + 1].max()
        assert scan.times_s[b] - scan.times_s[a] <= 0.3 + slack_s
    assert between


def test_frames_between_are_searched_where_somebody_moves_fast(detector, draw_actor):
    image = draw_actor(2, 1)[0][0]
    still = np.stack([image] * 24)
    assert len(scan_at(chunks_of(still, np.arange(24) / 25, 24), detector, 10.0).key_frames) == 2
    moving = np.stack([np.roll(image, 6 * i - 74, axis=1) for i in range(24)])
    keys = scan_at(chunks_of(moving, np.arange(24) / 25, 24), detector, 10.0).key_frames
    assert {0, 11, 23} <= set(keys) and 3 <= len(keys) <= 9


def test_somebody_who_comes_and_goes_between_two_key_frames_is_seen(detector, draw_actor):
    small = [cv2.resize(image, (144, 108), interpolation=cv2.INTER_AREA) for image in draw_actor(2, 9)[0]]
    images = np.full((31, 240, 320, 3), int(np.mean(small)), np.uint8)
    images[11:20, 60:168, 90:234] = small
    scan = scan_at(chunks_of(images, np.arange(31) / 25, 32), detector, 1.2)
    assert (scan.shots == 0).all()
    assert [frame for frame, key in scan.key_frames.items() if len(key.faces)] == [15]
