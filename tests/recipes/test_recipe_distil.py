"""A network that learns what another encoder sees, beside its labels, also in clips without a label."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from networks import network, of_recipe
from recipe_runs import FAST, SHORT, TINY, assert_same_run, metrics, start, weights
from refused import refused

from vidfer.errors import CheckpointError, SettingError
from vidfer.learn.distil_settings import DistilSettings
from vidfer.learn.guide import load_guide
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint
from vidfer.models.seen_labels import SeenLabels


@pytest.fixture
def own_cache(striped_cache, tmp_path):
    """Beside the shared one other tests keep vectors."""
    return Path(shutil.copy(striped_cache, tmp_path / "striped.h5"))


@pytest.fixture
def guide(tmp_path):
    """An untrained encoder: its random features tell stripes apart, too."""
    torch.manual_seed(3)
    save_checkpoint(tmp_path / "guide", build_recogniser(network("resnet18", "prototype", width=4)), {})
    return tmp_path / "guide"


def settings_of(recipe, cache, out, encoder, **options):
    weight = options.pop("weight", 1.0)
    how = of_recipe(TINY) | {"train": SHORT} | FAST | options
    distil = DistilSettings(encoder=None if encoder is None else str(encoder), weight=weight)
    return recipe.Settings(cache=(cache,), out=out, distil=distil, **how)


def test_it_learns_the_features_and_its_labels(supervised, own_cache, guide, tmp_path):
    longer = replace(SHORT, epochs=12, ema_decay=0.9)
    supervised.main(settings_of(supervised, own_cache, tmp_path / "run", guide, train=longer))
    lines = metrics(tmp_path / "run")
    assert lines[-1]["feature_loss"] < 0.85 * lines[0]["feature_loss"]
    assert lines[-1]["val_uar"] > 0.9
    # All clips without a label took part: a checkpoint has nothing but the network, and opens as any other.
    data = json.loads((tmp_path / "run" / "data.json").read_text())
    assert data["unlabelled"] and "without a label" in data["note"]
    model, _ = load_checkpoint(tmp_path / "run/checkpoints/best")
    assert {*weights(tmp_path / "run", "best")} == {*model.state_dict()}
    shutil.rmtree(guide)  # it is not needed any more
    load_checkpoint(tmp_path / "run/checkpoints/best")


def test_a_run_that_is_killed_ends_as_if_nothing_had_happened(supervised, own_cache, guide, tmp_path):
    how = {"save_every": 2, "train": replace(SHORT, ema_decay=0.9)}
    whole = settings_of(supervised, own_cache, tmp_path / "whole", guide, **how)
    supervised.main(whole)
    cut = replace(whole, out=tmp_path / "cut")
    start(supervised, cut, kill=(2, 0.0)).join()
    assert not (tmp_path / "cut/checkpoints/last").exists() or len(metrics(tmp_path / "cut")) < 3
    supervised.main(replace(cut, resume=True))
    assert_same_run(tmp_path / "whole", tmp_path / "cut")


def test_what_the_guide_has_seen_the_network_has_seen(supervised, own_cache, guide, tmp_path):
    torch.manual_seed(0)
    model = build_recogniser(TINY)
    model.seen = SeenLabels({"fear": "a pretrained encoder"})
    save_checkpoint(guide, model, {})
    supervised.main(settings_of(supervised, own_cache, tmp_path / "run", guide))
    seen = load_checkpoint(tmp_path / "run/checkpoints/best")[0].seen
    assert {*seen.among(("fear", "sad", "awed"))} == {"fear", "sad"}


def test_a_guide_that_must_not_be_is_refused(supervised, own_cache, teacher_run, tmp_path):
    def run(encoder, **options):
        supervised.main(settings_of(supervised, own_cache, tmp_path / "run", encoder, **options))

    with refused(CheckpointError, tmp_path / "nowhere"):
        run(tmp_path / "nowhere")
    with refused(SettingError, "angry", "--distil.encoder"):
        load_guide(DistilSettings(encoder=str(teacher_run / "checkpoints/best")), [], ("angry",))
    with refused(SettingError, "--freeze-encoder"):
        run(teacher_run, init=teacher_run, freeze_encoder=True)
    assert not (tmp_path / "run").exists()
