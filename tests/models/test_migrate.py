"""Checkpoints of format 1, whose settings of the model were one flat table, still open."""

import hashlib
import json

import pytest
import torch
from networks import network

from vidfer.models.build import build_recogniser, model_settings
from vidfer.models.checkpoint import checkpoint_hash, load_checkpoint, save_checkpoint
from vidfer.models.migrate import nested_model

FLAT = {
    "encoder": "conv4",
    "width": 64,
    "input_px": None,
    "conv4_pools": 4,
    "map_stage": None,
    "regions": ["face"],
    "spatial_attention": "softmax",
    "region_attention": "softmax",
    "frame_attention": "softmax",
    "attention_dropout": 0.5,
    "dropout": 0.25,
    "stochastic_depth": 1.0,
    "head": "crn",
    "prototype_weight": 0.7,
    "pairing": "all",
    "distance": "euclidean",
    "cosine_scale": 1.0,
    "head_regions": "face",
    "js_weight": 0.5,
    "js_form": "channels",
    "whitened": False,
}
"""As ``config.json`` of version 0.1 held it."""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {},
            network(
                "conv4",
                "crn",
                pools=4,
                regions=("face",),
                dropout=0.25,
                of_head={"regions": "face", "js_weight": 0.5, "js_form": "channels"},
            ),
        ),
        (
            {"encoder": "torchvision:mobilenet_v3_small", "regions": None, "head": None, "input_px": 64},
            network("torchvision mobilenet_v3_small", None, input_px=64, map_stage=None, dropout=0.25),
        ),
        (
            {"encoder": "resnet18", "frame_attention": "relation", "head": "matching", "cosine_scale": 10.0},
            network(
                "resnet18",
                "matching",
                frame_attention="relation",
                attention_dropout=0.5,
                map_stage=None,
                dropout=0.25,
                of_head={"cosine_scale": 10.0},
            ),
        ),
        (
            {"encoder": "face_mesh", "head": "prototype", "distance": "cosine", "whitened": True},
            network("face_mesh", "prototype", dropout=0.25, whitened=True, of_head={"distance": "cosine"}),
        ),
        (
            {
                "encoder": "grouped_resnet18",
                "regions": None,
                "head": "csrn",
                "pairing": "published",
                "width": 8,
            },
            network(width=8, map_stage=None, dropout=0.25, of_head={"pairing": "published"}),
        ),
    ],
    ids=["crn", "torchvision", "fan", "face_mesh", "csrn"],
)
def test_flat_settings_become_those_of_the_parts(changes, expected):
    assert model_settings(nested_model(FLAT | changes)) == expected


def test_a_checkpoint_of_format_1_opens_and_keeps_its_name(tmp_path):
    settings = model_settings(nested_model(FLAT))
    torch.manual_seed(0)
    model = build_recogniser(settings, ("angry", "happy")).eval()
    save_checkpoint(tmp_path, model, {"epoch": 3})
    config = json.loads((tmp_path / "config.json").read_text())
    config |= {"format_version": 1, "model": FLAT, "weights_sha256": config["weights_sha256"]}
    (tmp_path / "config.json").write_text(json.dumps(config))
    loaded, info = load_checkpoint(tmp_path)
    assert loaded.settings == settings and info == {"epoch": 3}
    assert all(torch.equal(tensor, model.state_dict()[name]) for name, tensor in loaded.state_dict().items())
    # The hash is over what the file says, so that results that name the checkpoint still find it.
    matters = {name: config[name] for name in ("format_version", "model", "classes", "weights_sha256")}
    expected = hashlib.sha256(json.dumps(matters, sort_keys=True).encode()).hexdigest()
    assert checkpoint_hash(tmp_path) == expected


def test_older_flat_settings_had_fewer_names(tmp_path):
    old = ("encoder", "width", "input_px", "map_stage", "frame_attention", "dropout", "head")
    found = nested_model({name: FLAT[name] for name in old} | {"encoder": "resnet18", "head": "csrn"})
    assert model_settings(found) == network("resnet18", map_stage=None, dropout=0.25)


def test_settings_of_today_stay_as_they_are():
    today = {"encoder": {"name": "conv4", "pools": 2}, "head": None, "dropout": 0.5}
    assert nested_model(today) == today
