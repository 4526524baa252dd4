"""A frozen encoder without noise sees each clip once: in training, in the next one, and in `vidfer eval`."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from networks import network, of_recipe
from recipe_runs import FAST, SHORT, TINY, load_recipe, metrics, weights

from vidfer.data.settings import EpisodeSettings, NoiseSettings
from vidfer.evaluate.eval_protocol import EvalProtocol
from vidfer.evaluate.evaluate_checkpoint import evaluate_checkpoint
from vidfer.infer import features
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint

STILL = FAST | {"noise": NoiseSettings(flip=0.0, magnitude=0.0)}


@pytest.fixture
def looked_at(monkeypatch):
    """How many clips the encoder had to see, each time that something was missing."""
    seen = []
    real = features.embedded

    def counted(encoder, loader, device):
        seen.append(len(loader.dataset))
        return real(encoder, loader, device)

    monkeypatch.setattr(features, "embedded", counted)
    return seen


@pytest.fixture
def own_cache(striped_cache, tmp_path):
    """Beside the shared one other tests keep vectors."""
    return Path(shutil.copy(striped_cache, tmp_path / "striped.h5"))


@pytest.fixture
def start(tmp_path):
    """An untrained encoder: its random features tell stripes apart, too."""
    torch.manual_seed(0)
    save_checkpoint(tmp_path / "start", build_recogniser(TINY), {})
    return tmp_path / "start"


def test_supervised(supervised, own_cache, start, tmp_path, looked_at):
    def run(name, **options):
        how = {"init": start, "freeze_encoder": True, "train": replace(SHORT, epochs=20)} | STILL | options
        settings = supervised.Settings(cache=(own_cache,), out=tmp_path / name, **of_recipe(TINY), **how)
        supervised.main(settings)
        return weights(tmp_path / name, "last")

    first = run("first")
    n_train, n_val = looked_at
    assert n_train > n_val > 0
    assert all(t.equal(first[n]) for n, t in weights_of(start).items() if n.startswith("encoder."))
    again = run("again")  # a second run reads them
    assert looked_at == [n_train, n_val]
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert metrics(tmp_path / "first")[-1]["val_uar"] > 0.5  # chance is 0.33
    found = evaluate_checkpoint(tmp_path / "first", own_cache, EvalProtocol(split="val"))
    assert looked_at == [n_train, n_val]  # the clips of validation were seen
    assert found["classification"].n_clips == n_val
    run("noised", noise=FAST["noise"])
    assert looked_at == [n_train, n_val]  # noise needs the crops


def weights_of(folder):
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


@pytest.mark.parametrize("head", ["similarity", "prototype"])
def test_fewshot(own_cache, start, tmp_path, looked_at, head):
    fewshot = load_recipe("fewshot")
    episodes = EpisodeSettings(ways=3, shots=1, queries=1, per_epoch=4, val_episodes=10, epochs=2)
    how = {"init": start, "freeze_encoder": True, "episodes": episodes, **STILL}
    settings = fewshot.Settings(
        cache=own_cache, out=tmp_path / "run", **of_recipe(network(width=4, head=head)), **how
    )
    fewshot.main(settings)
    assert len(looked_at) == 2
    assert metrics(tmp_path / "run")[-1]["val_accuracy"] > 0.2


def test_noisy_student(noisy_student, teacher_run, own_cache, tmp_path, looked_at):
    def run(name, **options):
        how = STILL | {"teacher": teacher_run / "checkpoints/last", "train": replace(SHORT, epochs=2)}
        how |= {"from_teacher": True, "freeze_encoder": True, "rounds": 2} | options
        noisy_student.main(noisy_student.Settings(cache=own_cache, out=tmp_path / name, **how))
        return weights(tmp_path / name, "last")

    first = run("first")
    assert len(looked_at) == 3  # labelled, unlabelled, and clips to validate on
    assert all(
        t.equal(first[n]) for n, t in weights_of(teacher_run / "checkpoints/last").items() if "encoder" in n
    )
    again = run("again")
    assert len(looked_at) == 3
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert [line["round"] for line in metrics(tmp_path / "first") if "loss" in line] == [1, 1, 2, 2]
    assert metrics(tmp_path / "first")[-1]["val_uar"] > 0.5  # chance is 0.33
    run("noised", noise=FAST["noise"])
    assert len(looked_at) == 3  # noise needs the crops


def test_fewshot_standardised(own_cache, start, tmp_path, looked_at):
    fewshot = load_recipe("fewshot")
    episodes = EpisodeSettings(ways=3, shots=1, queries=1, per_epoch=4, val_episodes=10, epochs=1)
    how = {"init": start, "freeze_encoder": True, "episodes": episodes, "standardise": "all", **FAST}
    head = network(width=4, head="prototype")
    fewshot.main(fewshot.Settings(cache=own_cache, out=tmp_path / "one", **of_recipe(head), **how))
    assert looked_at == [18]  # with noise the clips to train on are seen once for the standardising
    fewshot.main(fewshot.Settings(cache=own_cache, out=tmp_path / "two", **of_recipe(head), **how))
    assert looked_at == [18]
    one, two = weights(tmp_path / "one", "last"), weights(tmp_path / "two", "last")
    assert all(torch.equal(one[name], two[name]) for name in one)
