"""Every option of every encoder and head changes the model that is built; none is without effect."""

from dataclasses import fields, replace

import pytest
import torch

from vidfer.models.build import build_encoder, build_head
from vidfer.models.encoders import ENCODERS
from vidfer.models.heads import HEADS

OTHER = {
    "width": 8,
    "network": "shufflenet_v2_x0_5",
    "input_px": 48,
    "pools": 4,
    "map_stage": 2,
    "spatial_attention": "mean",
    "region_attention": "mean",
    "frame_attention": "mean",
    "attention_dropout": 0.25,
    "stochastic_depth": 0.8,
    "prototype_weight": 0.5,
    "pairing": "published",
    "distance": "cosine",
    "cosine_scale": 3.0,
    "js_weight": 0.5,
    "js_form": "channels",
}
"""Another value of each option."""

BESIDE = {
    "attention_dropout": {"frame_attention": "relation"},
    "region_attention": {"regions": ("face", "eyes")},
}
"""What an option needs beside it."""


def options(parts: dict) -> list[tuple[str, str]]:
    return [
        (name, field.name) for name, part in parts.items() for field in fields(part.Settings) if field.init
    ]


def built(module: torch.nn.Module) -> tuple:
    """All that a module's answers depend on: weights, modules, and what these keep beside weights."""
    kept = [
        {name: repr(value) for name, value in vars(part).items() if name[0] != "_"}
        for part in module.modules()
    ]
    weights = [
        (name, tensor.shape, tensor.double().sum().item()) for name, tensor in module.state_dict().items()
    ]
    return repr(module), kept, weights


def assert_changes(build, settings, option: str, value: object) -> None:
    models = []
    for one in (settings, replace(settings, **{option: value})):
        torch.manual_seed(0)
        models.append(built(build(one)))
    assert models[0] != models[1]


@pytest.mark.parametrize(("encoder", "option"), options(ENCODERS))
def test_options_of_encoders(encoder, option):
    if encoder == "timm":
        pytest.importorskip("timm")
    settings = ENCODERS[encoder].Settings(**BESIDE.get(option, {}))
    if "width" in {field.name for field in fields(settings)}:
        settings = replace(settings, width=4)
    other = (
        {"timm": "resnet10t"}.get(encoder, OTHER.get(option)) if option == "network" else OTHER.get(option)
    )
    assert_changes(build_encoder, settings, option, ("mouth",) if option == "regions" else other)


@pytest.mark.parametrize(("head", "option"), options(HEADS))
def test_options_of_heads(head, option):
    other = "face" if option == "regions" else OTHER[option]
    assert_changes(build_head, HEADS[head].Settings(), option, other)
