"""Which frames the network sees, and how its answers become those of frames."""

import math

import numpy as np
import pytest
from refused import refused

from vidfer.errors import SettingError
from vidfer.infer.settings import WindowSettings
from vidfer.infer.windows import PersonWindows


def numbered(n: int):
    """Crops that tell which frame they are of."""
    return lambda i: np.full((3, 3, 2, 2), i, np.uint8)


def windows_of(settings: WindowSettings, times_s: np.ndarray, there=None, pieces=None):
    """(number, frames) of all windows, fed in pieces of so many frames."""
    person, found = PersonWindows(settings, float(times_s[0])), []
    there = np.ones(len(times_s), bool) if there is None else there
    step = pieces or len(times_s)
    for first in range(0, len(times_s), step):
        part = slice(first, first + step)
        person.see(times_s[part], there[part], lambda i, first=first: numbered(0)(first + i))
        found += person.complete(float(times_s[part][-1]))
    found += person.complete(math.inf)
    return [(k, [int(c[0, 0, 0, 0]) if m else None for c, m in zip(crops, mask)]) for k, crops, mask in found]


def test_neighbouring_windows_share_frames():
    times_s = np.arange(51) / 25
    found = dict(windows_of(WindowSettings(), times_s))
    assert found[4] == [10, 15, 20, 25, 30]  # 0.4 to 1.2 s, around 0.8 s
    assert found[5] == [15, 20, 25, 30, 35]
    assert found[0] == [None, None, 0, 5, 10]
    assert found[10] == [40, 45, 50, None, None] and sorted(found)[-1] == 12


@pytest.mark.parametrize("pieces", [1, 7, 32])
def test_windows_do_not_depend_on_how_frames_come(pieces):
    rng = np.random.default_rng(0)
    times_s = 3.3 + np.cumsum(rng.uniform(0.01, 0.09, 120))
    there = rng.random(120) < 0.7
    for settings in (WindowSettings(), WindowSettings(window_s=0.9, step_s=0.25, frames=4)):
        whole = windows_of(settings, times_s, there)
        assert windows_of(settings, times_s, there, pieces) == whole
        assert len({k for k, _ in whole}) == len(whole) > 10


def test_every_frame_with_a_face_gets_an_answer():
    rng = np.random.default_rng(1)
    for settings in (
        WindowSettings(),
        WindowSettings(window_s=1, step_s=1, frames=1),
        WindowSettings(window_s=2, step_s=0.7, frames=8),
        WindowSettings(window_s=0.5, step_s=0.5, frames=2, average_s=0.1),
    ):
        times_s = np.cumsum(rng.uniform(0.01, 0.2, 200))
        there = rng.random(200) < 0.3
        person = PersonWindows(settings, float(times_s[0]))
        person.see(times_s, there, numbered(200))
        for k, _, mask in person.complete(math.inf):
            assert mask.any()
            person.answer(k, np.array([0.25, 0.75], np.float32))
        for time_s in times_s[there]:
            assert person.at(time_s) == pytest.approx([0.25, 0.75])


def test_near_windows_count_more():
    person = PersonWindows(WindowSettings(), 0.0)
    for k, value in enumerate((0.0, 1.0, 0.0, 0.0)):
        person.answer(k, np.array([value, 1 - value], np.float32))
    # At 0.2 s windows 0, 1, 2 have the weights 0.5, 1, 0.5; at 0.3 s windows 0 to 3 have 0.25 0.75 0.75 0.25.
    assert person.at(0.2)[0] == pytest.approx(0.5, abs=1e-3)
    assert person.at(0.3)[0] == pytest.approx(0.375, abs=1e-3)
    assert person.at(0.6)[0] == pytest.approx(0.0, abs=1e-3)


def test_old_answers_and_frames_are_forgotten():
    person, times_s = PersonWindows(WindowSettings(), 0.0), np.arange(25) / 25
    held = []
    for second in range(20):
        now = times_s + second
        person.see(now, np.ones(25, bool), numbered(25))
        for k, *_ in person.complete(float(now[-1])):
            person.answer(k, np.ones(2, np.float32))
        person.forget(float(now[0]))
        held.append((len(person._crops), len(person._answers)))
    assert max(held[3:]) <= max(held[:3]) and max(held)[0] < 10


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("window_s", 0.0, "--window-s 0"),
        ("step_s", -1.0, "--step-s -1"),
        ("step_s", 2.0, "would not be seen"),
        ("frames", 0, "--frames 0"),
        ("average_s", math.nan, "--average-s nan"),
    ],
)
def test_settings_that_make_no_sense(option, value, said):
    with refused(SettingError, said):
        WindowSettings(**{option: value})
