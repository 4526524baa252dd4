import subprocess
import sys

import pytest

from vidfer.errors import VidferError
from vidfer.models.settings import ModelSettings


@pytest.mark.parametrize(
    ("input_px", "map_stage", "expected"),
    [
        (None, None, 3),
        (224, None, 3),
        (112, None, 2),
        (96, None, 1),
        (64, None, 1),
        (32, None, 1),
        (112, 4, 4),
    ],
)
def test_map_stage_is_the_deepest_of_14x14(input_px, map_stage, expected):
    assert ModelSettings(input_px=input_px, map_stage=map_stage).resolved_map_stage() == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("encoder", "resnet50"),
        ("width", 0),
        ("input_px", 16),
        ("map_stage", 5),
        ("frame_attention", "max"),
        ("attention_dropout", 1.0),
        ("spatial_attention", "max"),
        ("region_attention", "sigmoid"),
        ("dropout", 1.0),
        ("head", "nearest"),
        ("prototype_weight", -1.0),
        ("pairing", "none"),
        ("distance", "manhattan"),
        ("cosine_scale", 0.0),
        ("head_regions", "eyes"),
        ("conv4_pools", 3),
        ("js_weight", -1.0),
        ("js_form", "softmax"),
    ],
)
def test_a_wrong_value_is_named(name, value):
    with pytest.raises(VidferError, match=f"model setting {name} is {value!r}; (choose|give)"):
        ModelSettings(**{name: value})


def test_regions_keep_their_order():
    assert ModelSettings().resolved_regions() == ("face", "eyes", "mouth")
    assert ModelSettings(regions=["mouth", "face"]).regions == ("face", "mouth")
    assert ModelSettings(regions=["mouth", "face"]) == ModelSettings(regions=("face", "mouth"))


@pytest.mark.parametrize("regions", [(), ("face", "face"), ("nose",)])
def test_wrong_regions_are_named(regions):
    with pytest.raises(
        VidferError, match=r"model setting regions is \(.*\); choose some of face, eyes, mouth"
    ):
        ModelSettings(regions=regions)


def test_settings_that_exclude_each_other():
    with pytest.raises(VidferError, match="head_regions is 'face'; choose all, or add face"):
        ModelSettings(regions=("eyes",), head_regions="face")


def test_settings_can_be_read_without_torch():
    code = "import sys, vidfer.models.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
