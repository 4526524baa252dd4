from dataclasses import fields

import pytest
from networks import network
from refused import refused

from vidfer.errors import SettingError
from vidfer.models.encoders import ENCODERS
from vidfer.models.heads import HEADS


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
        (64, 3, 3),
    ],
)
@pytest.mark.parametrize("encoder", ["grouped_resnet18", "resnet18", "torchvision", "timm"])
def test_without_a_map_stage_it_is_the_deepest_of_14x14(encoder, input_px, map_stage, expected):
    settings = ENCODERS[encoder].Settings(input_px=input_px, map_stage=map_stage)
    assert settings.resolved_map_stage() == expected


@pytest.mark.parametrize("input_px", [None, 112, 64])
@pytest.mark.parametrize("encoder", ["grouped_resnet18", "resnet18", "torchvision", "timm"])
def test_maps_come_from_the_third_stage_for_images_of_every_size(encoder, input_px):
    assert ENCODERS[encoder].Settings(input_px=input_px).resolved_map_stage() == 3


@pytest.mark.parametrize("parts", [ENCODERS, HEADS], ids=["encoders", "heads"])
def test_every_part_stands_under_its_own_name_and_takes_its_settings_as_arguments(parts):
    for name, part in parts.items():
        assert part.Settings.name == part.Settings().name == name
        defaults = {field.name: getattr(part.Settings(), field.name) for field in fields(part.Settings)}
        assert defaults.pop("name") == name


@pytest.mark.parametrize(
    ("encoder", "name", "value"),
    [
        ("grouped_resnet18", "width", 0),
        ("resnet18", "width", 0),
        ("grouped_resnet18", "input_px", 16),
        ("torchvision", "map_stage", 5),
        ("conv4", "frame_attention", "max"),
        ("grouped_resnet18", "spatial_attention", "max"),
        ("resnet18", "region_attention", "sigmoid"),
        ("conv4", "pools", 3),
    ],
)
def test_a_wrong_value_of_an_encoder_is_named(encoder, name, value):
    with refused(SettingError, f"--encoder.{name.replace('_', '-')} {value}"):
        network(encoder, **{name: value})


@pytest.mark.parametrize(
    ("head", "name", "value"),
    [
        ("csrn", "prototype_weight", -1.0),
        ("csrn", "pairing", "none"),
        ("prototype", "distance", "manhattan"),
        ("matching", "cosine_scale", 0.0),
        ("similarity", "cosine_scale", 0.0),
        ("crn", "regions", "eyes"),
        ("relation", "regions", "eyes"),
        ("crn", "js_weight", -1.0),
        ("crn", "js_form", "softmax"),
    ],
)
def test_a_wrong_value_of_a_head_is_named(head, name, value):
    with refused(SettingError, f"--head.{name.replace('_', '-')} {value}"):
        network(head=head, of_head={name: value})


def test_a_wrong_dropout_is_named():
    with refused(SettingError, "--dropout 1.0"):
        network(dropout=1.0)
    with refused(SettingError, "--encoder.attention-dropout 1.0"):
        network(frame_attention="sigmoid", attention_dropout=1.0)


def test_dropout_of_an_attention_that_has_none_is_refused():
    for kind in ("softmax", "mean"):
        with refused(SettingError, "--encoder.attention-dropout 0.5", kind, "sigmoid", "relation"):
            network(frame_attention=kind, attention_dropout=0.5)
    assert network(frame_attention="relation", attention_dropout=0.5).encoder.attention_dropout == 0.5


def test_regions_keep_their_order():
    assert network().encoder.regions == network("conv4").encoder.regions == ("face", "eyes", "mouth")
    for encoder in ("resnet18", "torchvision", "timm", "face_mesh"):
        assert network(encoder).encoder.regions == ("face",)
    assert network(regions=["mouth", "face"]).encoder.regions == ("face", "mouth")
    assert network(regions=["mouth", "face"]) == network(regions=("face", "mouth"))


@pytest.mark.parametrize("regions", [(), ("face", "face"), ("nose",)])
@pytest.mark.parametrize("encoder", ["grouped_resnet18", "conv4", "resnet18"])
def test_wrong_regions_are_named(encoder, regions):
    with refused(SettingError, "--encoder.regions", *regions, "face eyes mouth"):
        network(encoder, regions=regions)


@pytest.mark.parametrize("head", ["relation", "crn"])
def test_a_head_that_compares_the_face_needs_it(head):
    with refused(SettingError, "--head.regions face", "eyes", "--encoder.regions"):
        network(head=head, of_head={"regions": "face"}, regions=("eyes",))
    network(head=head, of_head={"regions": "face"}, regions=("eyes", "face"))
