"""recipes/fewshot.py: episodes, a trained encoder to start from, resume."""

from dataclasses import replace

import pytest
from networks import network, of_recipe
from recipe_runs import (
    FAST,
    assert_kills_change_nothing,
    assert_same_curve,
    here,
    metrics,
    torchrun,
    weights,
)
from refused import refused

from vidfer.data.settings import EpisodeSettings
from vidfer.errors import CheckpointError, DataError, SettingError
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint

EPISODES = EpisodeSettings(ways=3, shots=2, queries=1, per_epoch=4, val_episodes=20, epochs=2)


def settings_of(fewshot, striped_cache, out, **options):
    common = {"cache": striped_cache, "out": out, "episodes": EPISODES}
    return fewshot.Settings(**common | {name: FAST[name] for name in ("tracker", "data", "noise")} | options)


def test_csrn_learns_its_base_classes(fewshot, striped_cache, teacher_run, tmp_path):
    settings = settings_of(
        fewshot,
        striped_cache,
        tmp_path / "run",
        init=teacher_run / "checkpoints" / "best",
        episodes=replace(EPISODES, per_epoch=12, epochs=1),
        **of_recipe(network()),
    )
    fewshot.main(settings)
    (line,) = metrics(tmp_path / "run")
    assert line["val_accuracy"] > 0.6 and line["train_accuracy"] > 0.5  # chance is 0.33


def test_a_frozen_encoder_stays_that_of_the_teacher(fewshot, striped_cache, teacher_run, tmp_path):
    teacher, model = teacher_run / "checkpoints" / "best", network("conv4")
    settings = settings_of(
        fewshot, striped_cache, tmp_path / "run", init=teacher, freeze_encoder=True, **of_recipe(model)
    )
    fewshot.main(settings)
    before, after = weights(teacher_run, "best"), weights(tmp_path / "run", "last")
    encoder = [name for name in before if name.startswith("encoder.")]
    assert encoder and all(before[name].equal(after[name]) for name in encoder)
    model, _ = load_checkpoint(tmp_path / "run" / "checkpoints" / "last")
    assert model.settings == network(width=4, head="csrn", dropout=settings.dropout)


def test_prototypes_start_from_the_teacher(fewshot, striped_cache, teacher_run, tmp_path):
    settings = settings_of(
        fewshot,
        striped_cache,
        tmp_path / "run",
        init=teacher_run / "checkpoints" / "best",
        **of_recipe(network(head="prototype")),
    )
    fewshot.main(settings)
    assert max(line["val_accuracy"] for line in metrics(tmp_path / "run")) > 0.6


@pytest.mark.slow
def test_a_run_that_is_killed_ends_as_if_nothing_had_happened(fewshot, striped_cache, teacher_run, tmp_path):
    settings = settings_of(
        fewshot,
        striped_cache,
        tmp_path / "whole",
        init=teacher_run / "checkpoints" / "best",
        episodes=replace(EPISODES, per_epoch=6),
        **of_recipe(network(head="prototype")),
        save_every=2,
    )
    assert_kills_change_nothing(fewshot, settings, kills=2)


MEAN_OF_FRAMES = "--encoder resnet18 --encoder.width 4 --encoder.input-px 32 --encoder.frame-attention mean"


# Each leaves a part of the network without a gradient: what makes the maps, and what makes the vector.
@pytest.mark.parametrize("model", ["--head prototype", f"--head relation {MEAN_OF_FRAMES}"])
def test_two_processes_give_the_loss_curve_of_one(fewshot, striped_cache, tmp_path, model):
    common = f"{model} --noise.magnitude 0 --noise.flip 0 --data.frames 2 --tracker none"
    common += " --episodes.ways 3 --episodes.shots 2 --episodes.per-epoch 4 --episodes.epochs 2"
    common = ["--cache", striped_cache, *common.split()]
    torchrun("fewshot", *common, "--out", tmp_path / "two")
    # A step of two processes sees an episode of each.
    here(fewshot, *common, "--optim.accumulate", 2, "--out", tmp_path / "one")
    assert_same_curve(tmp_path / "one", tmp_path / "two")


@pytest.mark.parametrize("head", ["matching", "relation"])
def test_baselines_learn_from_the_teacher(fewshot, striped_cache, teacher_run, tmp_path, head):
    settings = settings_of(
        fewshot,
        striped_cache,
        tmp_path / "run",
        init=teacher_run / "checkpoints" / "best",
        episodes=replace(EPISODES, per_epoch=12, person_disjoint=head == "matching"),
        **of_recipe(network(head=head)),
    )
    fewshot.main(settings)
    lines = metrics(tmp_path / "run")
    assert lines[1]["loss"] < lines[0]["loss"]
    assert max(line["val_accuracy"] for line in lines) > 0.6  # chance is 0.33
    model, _ = load_checkpoint(tmp_path / "run" / "checkpoints" / "best")
    assert model.settings.head.name == head


def test_crn_learns_with_an_encoder_of_its_own(fewshot, striped_cache, tmp_path):
    model = network(encoder="conv4", pools=4, head="crn", of_head={"regions": "face", "js_weight": 0.5})
    episodes = replace(EPISODES, per_epoch=12, epochs=2)
    settings = settings_of(fewshot, striped_cache, tmp_path / "run", **of_recipe(model), episodes=episodes)
    fewshot.main(settings)
    lines = metrics(tmp_path / "run")
    assert lines[1]["loss"] < lines[0]["loss"] and lines[1]["train_accuracy"] > 0.4  # chance is 0.33
    loaded, _ = load_checkpoint(tmp_path / "run" / "checkpoints" / "last")
    assert loaded.settings == model and type(loaded.head).__name__ == "CRNHead"


def test_single_images_are_clips_of_one_frame(fewshot, striped_cache, tmp_path):
    data = replace(FAST["data"], frames=1)
    # Three shots and two queries leave no class with enough validation clips: the last one is the best.
    episodes = replace(EPISODES, shots=3, queries=2, per_epoch=2, epochs=1)
    fewshot.main(settings_of(fewshot, striped_cache, tmp_path / "run", data=data, episodes=episodes))
    (line,) = metrics(tmp_path / "run")
    assert line["val_accuracy"] is None and line["loss"] > 0
    model, info = load_checkpoint(tmp_path / "run" / "checkpoints" / "best")
    assert model.settings == network("conv4", "csrn") and model.classes == ()
    assert info["base_classes"] == ["angry", "happy", "sad"]


@pytest.mark.parametrize(
    ("options", "kind", "facts"),
    [
        ({"episodes": replace(EPISODES, ways=4)}, DataError, ("4-way", "4 classes", "striped.h5")),
        ({"episodes": replace(EPISODES, shots=9)}, DataError, ("6 clips", "9-shot", "1 query", "need 10")),
        ({"freeze_encoder": True}, SettingError, ("--freeze-encoder", "--init")),
        (of_recipe(network(head=None)), SettingError, ("--head none",)),
    ],
)
def test_mistakes(fewshot, striped_cache, tmp_path, options, kind, facts):
    with refused(kind, *facts):
        fewshot.main(settings_of(fewshot, striped_cache, tmp_path / "run", **options))
    assert not (tmp_path / "run").exists()


def test_what_the_encoder_was_trained_on_is_never_novel_again(fewshot, striped_cache, teacher_run, tmp_path):
    teacher = teacher_run / "checkpoints" / "best"
    data = replace(FAST["data"], classes=("angry", "happy"))
    episodes = replace(EPISODES, ways=2, per_epoch=1, val_episodes=1, epochs=1)
    settings = settings_of(
        fewshot, striped_cache, tmp_path / "run", init=teacher, data=data, episodes=episodes
    )
    fewshot.main(settings)
    model, info = load_checkpoint(tmp_path / "run" / "checkpoints" / "best")
    assert info["base_classes"] == ["angry", "happy", "sad"]
    save_checkpoint(tmp_path / "elsewhere", model, info | {"split_hash": "of another split"})
    with refused(CheckpointError, tmp_path / "elsewhere", striped_cache, "--data.split-seed"):
        fewshot.main(replace(settings, out=tmp_path / "other", init=tmp_path / "elsewhere"))
    with refused(SettingError, "--data.novel sad", teacher, "--init"):
        fewshot.main(replace(settings, out=tmp_path / "other", data=replace(data, novel=("sad",))))


def test_an_encoder_that_has_learned_the_validation_clips_by_heart(
    fewshot, striped_cache, teacher_run, tmp_path
):
    model, info = load_checkpoint(teacher_run / "checkpoints" / "best")
    save_checkpoint(tmp_path / "other", model, info | {"split_hash": "of another split"})
    with refused(CheckpointError, tmp_path / "other", striped_cache, "--data.split-seed"):
        fewshot.main(settings_of(fewshot, striped_cache, tmp_path / "run", init=tmp_path / "other"))
    assert not (tmp_path / "run").exists()
