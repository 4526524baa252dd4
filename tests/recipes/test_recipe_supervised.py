"""recipes/supervised.py from beginning to end, interrupted, and shared by two processes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from networks import network, of_recipe
from recipe_runs import (
    FAST,
    SHORT,
    TINY,
    assert_kills_change_nothing,
    assert_same_curve,
    assert_same_run,
    here,
    metrics,
    newest_state,
    parse,
    start,
    torchrun,
    weights,
)
from refused import refused
from striped_cache import write_striped_cache

from vidfer.errors import CacheError, CheckpointError, RunError, SettingError
from vidfer.learn import validate
from vidfer.learn.settings import OptimSettings
from vidfer.models.checkpoint import load_checkpoint
from vidfer.store.reader import CropCache


def test_it_learns_and_writes_down_what_it_did(teacher_run, striped_cache):
    lines = metrics(teacher_run)
    assert [line["epoch"] for line in lines] == list(range(1, 13))
    assert max(line["val_uar"] for line in lines) >= 0.75  # chance is 0.33
    assert lines[-1]["loss"] < lines[0]["loss"]
    model, info = load_checkpoint(teacher_run / "checkpoints" / "best")
    assert model.classes == ("angry", "happy", "sad")
    assert info["val_uar"] == max(line["val_uar"] for line in lines)
    data = json.loads((teacher_run / "data.json").read_text())
    assert data["cache_hash"] == info["cache_hash"] and len(data["train"]) == 18 and len(data["val"]) == 12
    settings = json.loads((teacher_run / "settings.json").read_text())
    assert settings["encoder"]["width"] == 4 and settings["optim"]["lr"] == 1e-2
    environment = (teacher_run / "environment.json").read_text()
    assert json.loads(environment)["packages"]["torch"] and str(Path.home()) not in environment
    assert [folder.name for folder in (teacher_run / "state").iterdir()] == ["state00000012"]


@pytest.mark.slow
def test_a_run_that_is_killed_ends_as_if_nothing_had_happened(supervised, striped_cache, tmp_path):
    # Dropout and averaged weights on: everything that is random or remembered takes part.
    settings = supervised.Settings(
        cache=striped_cache,
        out=tmp_path / "whole",
        save_every=2,
        **of_recipe(replace(TINY, dropout=0.3)),
        train=replace(SHORT, epochs=2, batch_size=3, ema_decay=0.9, balanced=True),
        **FAST,
    )
    assert_kills_change_nothing(supervised, settings, kills=2)
    assert newest_state(tmp_path / "whole") == 6
    with refused(RunError, settings.out, "--resume"):
        supervised.main(settings)


def test_crops_that_are_decoded_where_the_network_is_train_it_alike(supervised, tmp_path):
    cache = write_striped_cache(tmp_path / "jpeg.h5", {"train": 4, "val": 2}, codec="jpeg").path
    for decode in ("worker", "device"):
        data = replace(FAST["data"], decode=decode)
        options = FAST | {"data": data, "train": replace(SHORT, epochs=1)}
        supervised.main(supervised.Settings(cache=cache, out=tmp_path / decode, **of_recipe(TINY), **options))
    here, there = weights(tmp_path / "worker"), weights(tmp_path / "device")
    assert all((here[name] - there[name]).abs().max() < 1e-3 for name in here)


def test_clips_of_two_caches_train_and_validate_one_network(supervised, striped_cache, tmp_path):
    more = write_striped_cache(tmp_path / "more.h5", {"train": 3, "val": 1}, frames=2)
    settings = supervised.Settings(
        cache=(striped_cache, more.path), out=tmp_path / "run", **of_recipe(TINY), train=SHORT, **FAST
    )
    supervised.main(settings)
    data = json.loads((tmp_path / "run" / "data.json").read_text())
    assert [(len(one["train"]), len(one["val"])) for one in data["domains"]] == [(18, 12), (9, 3)]
    info = load_checkpoint(tmp_path / "run" / "checkpoints" / "best")[1]
    hashes = [CropCache(path).content_hash for path in settings.cache]
    assert [one["cache_hash"] for one in data["domains"]] == hashes == [*info["split_hashes"]]
    # 15 clips validate together.
    shares = [line["val_war"] * 15 for line in metrics(tmp_path / "run")]
    assert shares == pytest.approx([round(share) for share in shares]) and max(shares) > 0

    with refused(SettingError, "--cache", "one"):
        supervised.Settings(cache=(), out=tmp_path / "none", **of_recipe(TINY))


def test_a_run_that_was_started_when_there_was_one_cache_goes_on(supervised, striped_cache, tmp_path):
    settings = supervised.Settings(
        cache=striped_cache, out=tmp_path / "run", **of_recipe(TINY), train=replace(SHORT, epochs=1), **FAST
    )
    supervised.main(settings)
    file = tmp_path / "run" / "settings.json"
    written = json.loads(file.read_text())
    file.write_text(json.dumps(written | {"cache": written["cache"][0]}))
    supervised.main(replace(settings, resume=True))
    other = write_striped_cache(tmp_path / "other.h5", {"train": 3, "val": 1})
    with refused(RunError, "settings.json", striped_cache, other.path):
        supervised.main(replace(settings, cache=(other.path,), resume=True))


def test_resuming_a_finished_run_changes_nothing_and_other_settings_are_refused(
    supervised, striped_cache, teacher_run
):
    train = replace(SHORT, epochs=12)
    settings = supervised.Settings(
        cache=striped_cache, out=teacher_run, resume=True, **of_recipe(TINY), train=train, **FAST
    )
    before = (teacher_run / "metrics.jsonl").read_text(), weights(teacher_run)
    supervised.main(settings)
    assert (teacher_run / "metrics.jsonl").read_text() == before[0]
    assert all(before[1][key].equal(value) for key, value in weights(teacher_run).items())
    with refused(RunError, "settings.json", "train batch_size 6", "8"):
        supervised.main(replace(settings, train=replace(train, batch_size=8)))


@pytest.mark.slow
def test_two_processes_give_the_loss_curve_of_one_and_go_on_after_a_kill(supervised, striped_cache, tmp_path):
    common = "--encoder.width 4 --dropout 0 --noise.magnitude 0 --noise.flip 0 --data.frames 2"
    common += " --tracker none --train.epochs 2 --save-every 2 --train.ema-decay 0.9"
    common = ["--cache", striped_cache, *common.split()]
    two = [*common, "--train.batch-size", 6, "--out"]
    torchrun("supervised", *two, tmp_path / "two")
    environment = json.loads((tmp_path / "two" / "environment.json").read_text())
    assert environment["processes"] == 2

    # Each process normalises its half of a batch; so do two halves one after another.
    halves = ["--train.batch-size", 3, "--optim.accumulate", 2]
    here(supervised, *common, *halves, "--out", tmp_path / "one")
    assert_same_curve(tmp_path / "one", tmp_path / "two")

    killed = tmp_path / "killed"
    torchrun("supervised", *two, killed, kill_after=killed / "state" / "state00000003")
    with refused(RunError, killed, "2 processes", "are 1"):
        here(supervised, *two, killed, "--resume")
    torchrun("supervised", *two, killed, "--resume")
    assert_same_run(tmp_path / "two", killed)


def test_fans_settings_train_and_bf16_does(supervised, striped_cache, tmp_path):
    options = "--optim.name sgd --optim.no-nesterov --optim.lr 0.1 --optim.weight-decay 1e-4"
    options += " --optim.decay-all --optim.warmup 0 --optim.schedule steps --optim.factor 0.2"
    options += " --optim.milestones 1 2 --optim.clip-norm 0 --train.label-smoothing 0 --train.epochs 3"
    options += " --train.batch-size 6 --train.class-weights effective --data.frames 3 --val-frames 64"
    options += " --encoder.width 4 --tracker none --mixed-precision bf16"
    paths = ["--cache", striped_cache, "--out", tmp_path / "run"]
    start(supervised, parse(supervised, *paths, *options.split())).join()
    lines = metrics(tmp_path / "run")
    # What is logged is the rate of the step after the epoch.
    assert [line["lr"] for line in lines] == pytest.approx([0.02, 0.004, 0.004])
    assert all(0 < line["loss"] < 20 for line in lines)
    environment = json.loads((tmp_path / "run" / "environment.json").read_text())
    assert environment["mixed_precision"] == "bf16"


@pytest.mark.parametrize(
    ("options", "kind", "file"),
    [
        ({"cache": Path("nowhere.h5")}, CacheError, "nowhere.h5"),
        ({"weights": Path("nowhere.pth")}, CheckpointError, "nowhere.pth"),
    ],
)
def test_a_mistake_leaves_no_run_folder(supervised, striped_cache, tmp_path, options, kind, file):
    settings = supervised.Settings(
        cache=striped_cache, out=tmp_path / "run", **of_recipe(TINY), train=SHORT, **FAST
    )
    with refused(kind, file):
        supervised.main(replace(settings, **options))
    assert not (tmp_path / "run").exists()


def test_it_starts_from_the_encoder_of_another_run(supervised, teacher_run, striped_cache, tmp_path):
    settings = supervised.Settings(
        cache=striped_cache,
        out=tmp_path / "run",
        init=teacher_run / "checkpoints" / "best",
        **of_recipe(network(head="csrn", of_head={"pairing": "published"})),
        train=replace(SHORT, epochs=1),
        **FAST | {"optim": replace(FAST["optim"], lr=1e-12)},
    )
    supervised.main(settings)
    first, after = (weights(run, name) for run, name in ((teacher_run, "best"), (tmp_path / "run", "last")))
    assert all(
        torch.allclose(after[name], tensor)
        for name, tensor in first.items()
        if name.startswith("encoder.") and "running_" not in name and "num_batches" not in name
    )
    model, info = load_checkpoint(tmp_path / "run/checkpoints/last")
    assert model.settings.head.pairing == "published"  # as was requested
    assert model.settings.encoder == TINY.encoder and info["base_classes"] == ["angry", "happy", "sad"]
    with refused(SettingError, "--init", "--weights"):
        replace(settings, weights=tmp_path / "resnet18.pth")
    novel = replace(settings.data, novel=("sad",), classes=("angry", "happy"))
    with refused(SettingError, "--data.novel sad", teacher_run, "--init"):
        supervised.main(replace(settings, out=tmp_path / "other", data=novel))


def test_a_classifier_learns_on_a_frozen_encoder(supervised, teacher_run, striped_cache, tmp_path):
    settings = supervised.Settings(
        cache=striped_cache,
        out=tmp_path / "run",
        init=teacher_run / "checkpoints" / "last",
        freeze_encoder=True,
        train=replace(SHORT, epochs=10, ema_decay=0.5),
        **FAST,
    )
    supervised.main(settings)
    first, after = (weights(run, "last") for run in (teacher_run, tmp_path / "run"))
    assert all(after[name].equal(tensor) for name, tensor in first.items() if name.startswith("encoder."))
    assert metrics(tmp_path / "run")[-1]["val_uar"] > 0.8  # the encoder knows these classes
    with refused(SettingError, "--freeze-encoder", "--init"):
        replace(settings, init=None)


@pytest.mark.parametrize("ema_decay", [0.0, 0.9])
def test_a_training_that_diverges_at_once_can_begin_again_in_its_folder(
    supervised, striped_cache, tmp_path, ema_decay
):
    """The rate is so high that the weights overflow in the first step; the second loss is NaN."""
    train = replace(SHORT, epochs=1, batch_size=9, ema_decay=ema_decay)
    fitting = supervised.Settings(
        cache=striped_cache, out=tmp_path / "run", save_every=1, **of_recipe(TINY), train=train, **FAST
    )
    optim = OptimSettings(name="sgd", lr=1e38, warmup=0.0, clip_norm=0.0)
    with refused(RunError, tmp_path / "run", "--resume", "--optim.lr"):
        supervised.main(replace(fitting, optim=optim))
    assert not (tmp_path / "run" / "checkpoints").exists()
    supervised.main(replace(fitting, resume=True))
    supervised.main(replace(fitting, out=tmp_path / "other"))
    assert_same_run(tmp_path / "run", tmp_path / "other")


def test_a_training_that_diverges_later_keeps_what_it_had(supervised, striped_cache, tmp_path, monkeypatch):
    settings = supervised.Settings(
        cache=striped_cache, out=tmp_path / "run", **of_recipe(TINY), train=SHORT, **FAST
    )
    predict = validate.predict

    def poison(model, *of_predict):
        found = predict(model, *of_predict)
        if (tmp_path / "run" / "checkpoints" / "last").exists():  # after the second epoch
            next(model.parameters()).data.fill_(torch.nan)
        return found

    monkeypatch.setattr(validate, "predict", poison)
    with refused(RunError, tmp_path / "run" / "checkpoints", "--out", "--optim.lr"):
        supervised.main(settings)
    for name in ("best", "last"):
        assert load_checkpoint(tmp_path / "run" / "checkpoints" / name)[1]["epoch"] == 1
    assert newest_state(tmp_path / "run") == 1
