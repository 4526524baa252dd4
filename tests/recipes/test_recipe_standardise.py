"""recipes/fewshot.py --standardise: a network of face points that nothing is left to train of."""

import json
from dataclasses import replace

import pytest
import torch
from networks import network, of_recipe
from recipe_runs import FAST, here, torchrun, weights
from refused import refused
from striped_cache import write_striped_cache

from vidfer.data.settings import EpisodeSettings
from vidfer.errors import DataError, SettingError
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint

EPISODES = EpisodeSettings(ways=3, shots=2, queries=1, per_epoch=4, val_episodes=20, epochs=1)
MODEL = network(head="prototype", of_head={"distance": "cosine"})


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """The class angry stands for neutral."""
    path = tmp_path_factory.mktemp("cache") / "crops.h5"
    write_striped_cache(path, {"train": 12, "val": 3, "test": 1})
    return path


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    """A checkpoint of face points with random weights."""
    torch.manual_seed(0)
    settings = network(encoder="face_landmarker", features="points", head="prototype")
    folder = tmp_path_factory.mktemp("mesh")
    save_checkpoint(folder, build_recogniser(settings), {"base_classes": []})
    return folder


def settings_of(fewshot, cache, mesh, out, **options):
    common = {"cache": cache, "out": out, "episodes": EPISODES, "init": mesh, "freeze_encoder": True}
    common |= of_recipe(MODEL) | {"standardise": "angry"}
    return fewshot.Settings(**common | {name: FAST[name] for name in ("tracker", "data", "noise")} | options)


def test_prototypes_of_standardised_points(fewshot, cache, mesh, tmp_path, capsys):
    settings = settings_of(fewshot, cache, mesh, tmp_path / "run")
    fewshot.main(settings)
    assert "nothing to train" in capsys.readouterr().out
    best, info = load_checkpoint(tmp_path / "run" / "checkpoints" / "best")
    start, _ = load_checkpoint(mesh)
    assert best.settings == replace(start.settings, head=MODEL.head, whitened=True)
    assert best.settings.head.distance == "cosine"
    assert info["base_classes"] == ["angry", "happy", "sad"]
    before, after = start.encoder.state_dict(), best.encoder.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    transform = best.whitening.transform
    assert transform.isfinite().all() and torch.equal(transform, transform.diag().diag())
    assert not torch.equal(transform, torch.eye(1434))
    last = weights(tmp_path / "run", "last")
    assert all(tensor.equal(last[name]) for name, tensor in weights(tmp_path / "run", "best").items())
    # Starting again gives the same, and one line of metrics.
    fewshot.main(replace(settings, resume=True))
    assert weights(tmp_path / "run", "last")["whitening.transform"].equal(last["whitening.transform"])
    (line,) = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert json.loads(line) == {"val_accuracy": info["val_accuracy"]}

    # Another run starts from that checkpoint, standardising and all, and trains a head.
    similar = settings_of(
        fewshot,
        cache,
        tmp_path / "run" / "checkpoints" / "best",
        tmp_path / "similar",
        standardise=None,
        **of_recipe(network(head="similarity")),
    )
    fewshot.main(similar)
    trained = weights(tmp_path / "similar")
    assert trained["whitening.transform"].equal(last["whitening.transform"])
    assert trained["head.log_scale"].isfinite()


def test_what_is_the_origin(fewshot, cache, mesh, tmp_path):
    """The mean of the vectors of one class, or of the means of all."""
    centres = {}
    for origin in ("angry", "happy", "sad", "all"):
        fewshot.main(settings_of(fewshot, cache, mesh, tmp_path / origin, standardise=origin))
        centres[origin] = weights(tmp_path / origin)["whitening.centre"]
    mean = (centres["angry"] + centres["happy"] + centres["sad"]) / 3
    torch.testing.assert_close(centres["all"], mean, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(centres["angry"], centres["happy"], atol=1e-4)


def test_a_frozen_encoder_alone_is_kept_as_it_is(fewshot, cache, mesh, tmp_path):
    fewshot.main(settings_of(fewshot, cache, mesh, tmp_path / "run", standardise=None))
    best, _ = load_checkpoint(tmp_path / "run" / "checkpoints" / "best")
    assert best.whitening is None and not best.settings.whitened


def test_two_processes_fit_the_same(fewshot, cache, mesh, tmp_path):
    options = "--head prototype --data.frames 1 --tracker none --freeze-encoder --standardise angry"
    options += " --episodes.ways 3 --episodes.shots 2 --episodes.queries 1 --episodes.val-episodes 5"
    options = ["--cache", cache, "--init", mesh, *options.split()]
    torchrun("fewshot", *options, "--out", tmp_path / "two")
    here(fewshot, *options, "--out", tmp_path / "one")
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    assert all(tensor.equal(two[name]) for name, tensor in one.items())


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"standardise": "neutral"}, ("--standardise neutral", "angry, happy, sad", "all")),
        ({**of_recipe(network(head="csrn"))}, ("csrn", "--standardise", "prototype")),
    ],
)
def test_what_cannot_be_standardised(fewshot, cache, mesh, tmp_path, options, facts):
    with refused(SettingError, *facts):
        fewshot.main(settings_of(fewshot, cache, mesh, tmp_path / "run", **options))
    assert not (tmp_path / "run").exists()


def test_standardising_needs_a_frozen_encoder(fewshot, cache, mesh, tmp_path):
    with refused(SettingError, "--standardise", "--freeze-encoder"):
        settings_of(fewshot, cache, mesh, tmp_path / "run", freeze_encoder=False)


def test_too_few_clips(fewshot, striped_cache, mesh, tmp_path):
    with refused(DataError, "--standardise angry", "6 training clips", "10", striped_cache):
        fewshot.main(settings_of(fewshot, striped_cache, mesh, tmp_path / "run"))
    assert not (tmp_path / "run").exists()
