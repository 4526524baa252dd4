"""Run folders and checkpoints that are damaged or made up: the right content or one message."""

import json
import random

import pytest
import torch
from networks import network
from refused import refused

from vidfer.errors import CheckpointError, RunError, VidferError
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint
from vidfer.runs.read_run import read_runs

VALUES = (None, -1, 0.5, "x", [], {}, [[1]], {"a": 1}, True)


@pytest.fixture
def run(tmp_path):
    """A run folder as a recipe leaves it."""
    folder = tmp_path / "run"
    torch.manual_seed(0)
    model = build_recogniser(network(head=None, width=4), ("happy", "sad"))
    save_checkpoint(folder / "checkpoints" / "best", model, {"epoch": 1, "teacher_hash": "ab"})
    settings = {"cache": "a.h5", "seed": 3, "model": {"encoder": "conv4", "head": None}, "pseudo": {}}
    (folder / "settings.json").write_text(json.dumps({"optim": {"lr": 0.1}} | settings | {"model": {}}))
    (folder / "environment.json").write_text('{"processes": 1}')
    (folder / "data.json").write_text('{"classes": ["happy", "sad"]}')
    (folder / "metrics.jsonl").write_text('{"epoch": 1, "loss": 0.5}\n{"epoch": 2, "loss": 0.25}\n')
    return folder


def test_every_mutation_of_a_file_of_a_run_is_read_or_refused(run):
    names = (
        "settings.json",
        "environment.json",
        "data.json",
        "metrics.jsonl",
        "checkpoints/best/config.json",
    )
    n_refused = 0
    for seed in range(300):
        rng = random.Random(seed)
        file = run / rng.choice(names)
        whole = file.read_bytes()
        if rng.random() < 0.5 and file.suffix == ".json":
            content = json.loads(whole)
            content[rng.choice([*content])] = rng.choice(VALUES)
            file.write_text(json.dumps(content))
        else:
            damaged = bytearray(whole[: rng.randint(1, len(whole))])
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            file.write_bytes(damaged)
        for read in (lambda: read_runs([run]), lambda: load_checkpoint(run / "checkpoints" / "best")):
            try:
                read()
            except (RunError, CheckpointError) as error:
                assert str(run) in str(error), seed
                n_refused += 1
        file.write_bytes(whole)
    assert n_refused > 100


def test_a_network_of_any_size_is_not_built(run):
    """Its first layer alone would take 3 TB."""
    file = run / "checkpoints" / "best" / "config.json"
    config = json.loads(file.read_text())
    config["model"]["encoder"]["width"] = 10**5
    file.write_text(json.dumps(config))
    with refused(CheckpointError, "tensor encoder.", file.parent, "(300000,)"):
        load_checkpoint(file.parent)


def test_every_flipped_byte_of_the_weights_is_refused(run):
    file = run / "checkpoints" / "best" / "model.safetensors"
    whole, rng = file.read_bytes(), random.Random(0)
    for _ in range(50):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        file.write_bytes(damaged)
        with pytest.raises(VidferError) as caught:
            load_checkpoint(file.parent)
        assert str(file) in str(caught.value) and isinstance(caught.value, CheckpointError)
