from __future__ import annotations

import pytest
from refused import refused

from vidfer.build.header import header_of
from vidfer.build.settings import BuildSettings
from vidfer.crops.settings import CropSettings
from vidfer.errors import SettingError


@pytest.mark.parametrize(("size_px", "quality"), [(48, 95), (111, 95), (112, 85), (224, 85)])
def test_small_crops_are_kept_at_a_better_quality(size_px, quality):
    assert BuildSettings().quality_for(size_px) == quality
    assert header_of(CropSettings(size_px=size_px), BuildSettings()).quality == quality


def test_a_quality_that_is_given_is_kept_at_every_size():
    assert {BuildSettings(quality=60).quality_for(size_px) for size_px in (48, 224)} == {60}


@pytest.mark.parametrize("quality", [0, 101])
def test_quality_has_bounds(quality):
    with refused(SettingError, "quality", quality, "1 and 100"):
        BuildSettings(quality=quality)


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"codec": "png"}, ["png", "jpeg", "raw"]),
        ({"workers": 0}, ["workers", 0]),
        ({"time_limit_s": 0.0}, ["time_limit_s", 0.0]),
        ({"add": True, "overwrite": True}, ["--add", "--overwrite"]),
    ],
)
def test_settings_that_cannot_be(options, facts):
    with refused(SettingError, *facts):
        BuildSettings(**options)
