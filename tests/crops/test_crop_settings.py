import pytest
from refused import refused

from vidfer.crops.settings import CropSettings, same_crops
from vidfer.errors import SettingError


@pytest.mark.parametrize(
    "wrong",
    [
        {"size_px": 0},
        {"key_every_s": -0.1},
        {"face": "nearest"},
        {"reader": "opencv"},
        {"min_face_px": -1.0},
        {"max_gap_s": -0.1},
        {"fps": 0.0},
        {"max_frames": 0},
        {"thresholds": (0.6, 0.7, 1.7)},
    ],
)
def test_a_setting_that_makes_no_sense_is_named(wrong):
    ((name, value),) = wrong.items()
    with refused(SettingError, name, value):
        CropSettings(**wrong)


def test_the_reader_that_gives_the_same_crops_is_the_same_setting():
    settings = {"reader": "auto", "size_px": 64}
    assert same_crops(settings) == {"reader": "pyav", "size_px": 64}
    assert settings["reader"] == "auto"
    for other in ({"reader": "decord"}, {"reader": "pyav"}, {"size_px": 64}):
        assert same_crops(other) == other
