import numpy as np

from vidfer.crops.track.smooth import smooth_over_time

TIMES = np.arange(40) / 25


def test_steady_motion_is_left_alone_up_to_the_ends():
    line = np.stack([3 + 100 * TIMES, 7 - 40 * TIMES], axis=1)
    assert np.allclose(smooth_over_time(line, TIMES, 0.04), line)


def test_noise_goes_down_and_a_peak_keeps_its_place():
    rng = np.random.default_rng(0)
    wave = 10 * np.exp(-(((TIMES - 0.8) / 0.2) ** 2))
    noisy = wave + rng.normal(0, 1, 40)
    smooth = smooth_over_time(noisy[:, None], TIMES, 0.04)[:, 0]
    assert np.std(smooth - wave) < 0.65 * np.std(noisy - wave)
    assert np.argmax(smooth_over_time(wave[:, None], TIMES, 0.04)) == np.argmax(wave)


def test_the_mirror_image_in_time_gives_the_mirror_image():
    values = np.random.default_rng(1).normal(size=(40, 5, 2))
    there = smooth_over_time(values, TIMES, 0.05)
    back = smooth_over_time(values[::-1], TIMES, 0.05)[::-1]
    assert np.allclose(there, back)


def test_nothing_passes_a_gap():
    values = np.zeros((40, 1))
    values[21:] = 50
    values[20] = np.nan
    smooth = smooth_over_time(values, TIMES, 0.04)
    assert np.isnan(smooth[20]).all()
    assert np.allclose(np.delete(smooth, 20), np.delete(values, 20))


def test_nothing_passes_a_cut():
    values = np.repeat([0.0, 50.0], [21, 19])[:, None]
    shots = np.repeat([0, 1], [21, 19])
    assert np.allclose(smooth_over_time(values, TIMES, 0.04, shots), values)
    assert not np.allclose(smooth_over_time(values, TIMES, 0.04), values, atol=1)


def test_each_frame_is_given_the_line_through_its_neighbours_in_time():
    """Written out for one frame after another, with a variable frame rate and missing frames."""
    rng = np.random.default_rng(3)
    times_s = np.cumsum(rng.exponential(0.03, 60) + 1e-3)
    values = rng.normal(size=(60, 2))
    values[rng.random(60) < 0.1] = np.nan
    smooth = smooth_over_time(values, times_s, 0.04)
    gaps = np.flatnonzero(np.isnan(values[:, 0]))
    for i in np.flatnonzero(~np.isnan(values[:, 0])):
        after, before = np.append(gaps, 60)[np.searchsorted(gaps, i)], np.append(-1, gaps[gaps < i])[-1]
        near = np.arange(before + 1, after)
        near = near[np.abs(times_s[near] - times_s[i]) <= 0.12]
        shift = times_s[near] - times_s[i]
        root = np.exp(-0.25 * (shift / 0.04) ** 2)[:, None]
        design = np.stack([np.ones_like(shift), shift], axis=1)
        (value, _), *_ = np.linalg.lstsq(root * design, root * values[near], rcond=None)
        assert np.allclose(smooth[i], value if len(near) > 1 else values[i])


def test_frames_far_apart_in_time_do_not_touch_each_other():
    values = np.random.default_rng(2).normal(size=(5, 2)).astype(np.float32)
    assert np.array_equal(smooth_over_time(values, np.arange(5) / 2.5, 0.04), values)
    assert np.array_equal(smooth_over_time(values, np.arange(5) / 25, 0), values)
    assert smooth_over_time(values[:1], np.zeros(1), 0.04).dtype == np.float32
