"""What settings say about themselves is what the built model shows."""

from dataclasses import replace

import pytest
import torch

from vidfer.errors import VidferError
from vidfer.models.build import build_recogniser
from vidfer.models.settings import ModelSettings

OTHER = {
    "width": 8,
    "input_px": 48,
    "conv4_pools": 4,
    "map_stage": 2,
    "spatial_attention": "mean",
    "region_attention": "mean",
    "attention_dropout": 0.25,
    "prototype_weight": 0.5,
    "pairing": "published",
    "distance": "cosine",
    "cosine_scale": 3.0,
    "head_regions": "face",
    "js_weight": 0.5,
    "js_form": "channels",
}
MODELS = [
    {"encoder": "conv4", "head": "crn"},
    {"encoder": "face_mesh", "head": "prototype"},
    {"encoder": "resnet18", "head": "similarity", "frame_attention": "relation"},
    {"encoder": "resnet18", "head": "matching", "regions": ("face", "eyes")},
    {"encoder": "grouped_resnet18", "head": "csrn", "frame_attention": "sigmoid"},
    {"encoder": "grouped_resnet18", "head": "relation", "regions": ("mouth",)},
    {"encoder": "torchvision:mobilenet_v3_small", "head": None},
]


def built(settings: ModelSettings) -> tuple:
    """All that a model's answers depend on: weights, modules, and what these keep beside weights."""
    torch.manual_seed(0)
    model = build_recogniser(settings)
    kept = [
        {name: repr(value) for name, value in vars(module).items() if name[0] != "_" and name != "settings"}
        for module in model.modules()
    ]
    weights = [
        (name, tensor.shape, tensor.double().sum().item()) for name, tensor in model.state_dict().items()
    ]
    return repr(model), kept, weights


@pytest.mark.parametrize("of", MODELS, ids=lambda of: f"{of['encoder']} {of['head']}")
def test_settings_without_effect_build_the_same_model_and_the_others_do_not(of):
    settings = ModelSettings(**{"width": 4} | of)
    before, without = built(settings), settings.without_effect()
    assert set(without) < set(OTHER)
    for name, value in OTHER.items():
        try:
            same = built(replace(settings, **{name: value})) == before
        except VidferError:  # refused, which is no silence either
            continue
        assert same == (name in without), name
