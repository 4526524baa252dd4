import cv2
import numpy as np
import pytest

from vidfer.crops.track.shots import ShotCuts


def picture(seed: int, width: int = 160) -> np.ndarray:
    """A coarse pattern, uint8 (120,width,3)."""
    coarse = np.random.default_rng(seed).integers(20, 236, (6, width // 20, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, 120), interpolation=cv2.INTER_CUBIC)


def shot(seed: int, n: int) -> np.ndarray:
    """A still picture with a little noise, (n,H,W,3)."""
    noise = np.random.default_rng(seed).normal(0, 3, (n, 120, 160, 3))
    return np.clip(picture(seed) + noise, 0, 255).astype(np.uint8)


def pan(n: int, step_px: int, each: int = 1) -> np.ndarray:
    """The window moves over a large picture; each view is there ``each`` times."""
    large = picture(7, 1600)
    views = [large[:, i * step_px : i * step_px + 160] for i in range(n)]
    return np.repeat(np.stack(views), each, axis=0)


def cuts_of(images: np.ndarray, chunk_frames: int = 32) -> list[int]:
    cuts, found = ShotCuts(), []
    for first in range(0, len(images), chunk_frames):
        chunk, ahead = images[first : first + chunk_frames], images[first + chunk_frames :]
        found += [first + begin for begin in cuts.find(chunk, ahead[:chunk_frames])]
    return found


@pytest.mark.parametrize("at", [1, 2, 30, 31, 32, 33, 63, 64, 68, 69])
def test_a_cut_is_found_wherever_it_is(at):
    assert cuts_of(np.concatenate([shot(0, at), shot(1, 70 - at)])) == [at]


def test_several_cuts():
    assert cuts_of(np.concatenate([shot(0, 20), shot(1, 3), shot(0, 20), shot(2, 8)])) == [20, 23, 43]


def test_where_chunks_end_makes_no_difference():
    mixed = (shot(1, 1).astype(int) + shot(2, 1)) // 2
    flash = np.full((1, 120, 160, 3), 250)
    parts = [shot(0, 9), shot(1, 12), mixed, shot(2, 10), flash, shot(2, 7), pan(20, 2), shot(3, 5)]
    images = np.concatenate(parts).astype(np.uint8)
    whole = cuts_of(images, len(images))
    assert whole == [9, 21, 22, 40, 60]
    for chunk_frames in (3, 4, 5, 7, 11, 32):
        assert cuts_of(images, chunk_frames) == whole


@pytest.mark.parametrize("at", [1, 15, 30, 31, 32, 33, 62])
@pytest.mark.parametrize("light", [60, 255])
def test_a_flash_is_no_cut(at, light):
    images = shot(0, 64)
    images[at] = np.clip(images[at].astype(int) + light, 0, 255)
    assert cuts_of(images) == []


@pytest.mark.parametrize("at", [10, 31, 32])
def test_a_cut_may_pass_through_a_frame_of_both_shots_or_of_neither(at):
    before, after = shot(0, at), shot(1, 60 - at)
    for share in (0.3, 0.5, 0.7):
        mixed = (before[:1] * share + after[:1] * (1 - share)).astype(np.uint8)
        assert cuts_of(np.concatenate([before, mixed, after])) == [at, at + 1]
    for odd in (shot(2, 1), np.full((1, 120, 160, 3), 255, np.uint8)):
        assert cuts_of(np.concatenate([before, odd, after])) == [at, at + 1]


@pytest.mark.parametrize(("step_px", "each"), [(3, 1), (12, 1), (30, 1), (8, 2), (24, 2)])
def test_a_pan_is_no_cut(step_px, each):
    assert cuts_of(pan(40, step_px, each)) == []


def test_a_fade_to_black_and_back_is_no_cut():
    light = np.concatenate([np.ones(10), np.linspace(1, 0, 12), np.zeros(3), np.linspace(0, 1, 12)])
    assert cuts_of((shot(0, 37) * light[:, None, None, None]).astype(np.uint8)) == []


def test_noise_is_no_cut():
    rng = np.random.default_rng(0)
    assert cuts_of(rng.integers(0, 256, (40, 120, 160, 3), dtype=np.uint8)) == []
    assert cuts_of(np.clip(shot(0, 40) + rng.normal(0, 40, (40, 120, 160, 3)), 0, 255).astype(np.uint8)) == []


@pytest.mark.parametrize("at", [1, 20, 31, 32, 39])
@pytest.mark.parametrize(("gain", "lift"), [(0.3, 0), (1.0, 40), (0.5, 100)])
def test_a_change_of_the_light_is_no_cut(at, gain, lift):
    images = shot(0, 40)
    images[at:] = np.clip(images[at:] * gain + lift, 0, 255)
    assert cuts_of(images) == []


def test_one_frame():
    assert cuts_of(shot(0, 1)) == []
