"""recipes/egs.py: two stages on two data sets, a real SIGKILL, and one or two processes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from crop_caches import store_clips
from networks import network, of_recipe
from recipe_runs import FAST, assert_kills_change_nothing, here, metrics, torchrun, weights
from refused import refused
from striped_cache import draw_crops, write_striped_cache

from vidfer.clips.clip import Clip
from vidfer.crops import STATUS
from vidfer.data.settings import DataSettings, EpisodeSettings
from vidfer.errors import CheckpointError, DataError, SettingError
from vidfer.evaluate.eval_protocol import EvalProtocol
from vidfer.evaluate.evaluate_checkpoint import evaluate_checkpoint
from vidfer.learn.egs_settings import EgsSettings
from vidfer.learn.settings import OptimSettings
from vidfer.models.checkpoint import load_checkpoint

MODEL = network(encoder="resnet18", width=4, head="similarity", dropout=0.0, of_head={"cosine_scale": 10.0})
EPISODES = EpisodeSettings(ways=3, shots=1, queries=2, per_epoch=4, val_episodes=20, epochs=4)
EGS = EgsSettings(joint_epochs=2)


@pytest.fixture(scope="session")
def domains(tmp_path_factory) -> tuple[Path, Path]:
    """Two striped caches of other people, with labels of their own: the second knows surprise, not angry.

    In its test split are compound expressions, and one class, awed, by people who are trained on.
    """
    folder = tmp_path_factory.mktemp("domains")
    write_striped_cache(folder / "one.h5", {"train": 6, "val": 3})
    base, compound = ("surprise", "happy", "sad"), ("happily_surprised", "sadly_fearful")
    rng, made = np.random.default_rng(1), []
    for split, labels, count in (
        ("train", base, 5),
        ("val", base, 3),
        ("test", (*compound, "awed"), 4),
    ):
        for number, label in enumerate(labels):
            for i in range(count):
                name = f"{split}/{label}{i}"
                people = "other train" if label == "awed" else f"other {split}"
                clip = Clip(id=name, path=folder / name, label=label, subject=f"{people}{i}", split=split)
                status = np.full(3, STATUS.index("detected"), np.uint8)
                made.append((clip, status, draw_crops(number, 3, 32, rng)))
    store_clips(folder / "two.h5", made, size_px=32)
    return folder / "one.h5", folder / "two.h5"


def settings_of(recipe, cache, out, **options):
    common = {"cache": cache, "out": out, **of_recipe(MODEL), "episodes": EPISODES, "egs": EGS}
    common |= {name: FAST[name] for name in ("tracker", "data", "noise")}
    common |= {"optim": OptimSettings(name="adam", lr=1e-2, warmup=0.0, clip_norm=0.0)}
    return recipe.Settings(**common | options)


def test_two_stages_on_two_data_sets(egs, domains, tmp_path):
    out = tmp_path / "run"
    episodes = replace(EPISODES, per_epoch=8, epochs=8)
    egs.main(settings_of(egs, domains, out, episodes=episodes, egs=replace(EGS, joint_epochs=4)))
    lines = metrics(out)
    assert [line["learner"] for line in lines] == ["both"] * 4 + ["emotion", "similarity"] * 2
    assert all((line["guide_loss"] > 0) == (line["learner"] != "both") for line in lines)
    assert lines[3]["emotion_loss"] < lines[0]["emotion_loss"]
    assert max(line["val_accuracy"] for line in lines) > 0.6  # chance is 0.33
    for line in lines:
        assert line["val_accuracies"].keys() == {"one", "two"}
        assert line["val_accuracy"] == pytest.approx(sum(line["val_accuracies"].values()) / 2)

    model, info = load_checkpoint(out / "checkpoints" / "best")
    assert model.classes == ("angry", "happy", "sad", "surprise")
    assert info["base_classes"] == ["angry", "happy", "sad", "surprise"] and len(info["split_hashes"]) == 2
    # The guide is no part of what is used later.
    assert {name.split(".")[0] for name in weights(out, "last")} == {"encoder", "classifier", "head"}
    assert load_checkpoint(out / "checkpoints" / "joint")[1]["epoch"] == 4
    data = json.loads((out / "data.json").read_text())
    assert [domain["classes"] for domain in data["domains"]] == [
        ["angry", "happy", "sad"],
        ["happy", "sad", "surprise"],
    ]
    assert data["train"] == data["domains"][0]["train"] + data["domains"][1]["train"]
    assert len(data["train"]) == 18 + 15

    # Only the similarity branch is measured, on compound expressions; the run folder knows all domains.
    task = {"ways": 2, "queries": 1, "episodes": 60}
    compound = ("happily_surprised", "sadly_fearful")
    for shots in (1, 3):
        found = evaluate_checkpoint(out, domains[1], EvalProtocol(novel=compound, shots=shots, **task))
        assert [*found] == ["fewshot"]  # no clip of a base class is there to classify
        assert found["fewshot"].protocol["head"] == "SimilarityHead"
        assert found["fewshot"].protocol["disjoint_by"] == "subject"
        assert found["fewshot"].measures["accuracy"].n == 60
    with refused(DataError, "subject 'other train0'"):
        evaluate_checkpoint(out, domains[1], EvalProtocol(novel=("awed", *compound), shots=1, **task))
    with refused(SettingError, "class 'happy'", "base", "novel"):
        evaluate_checkpoint(out, domains[1], EvalProtocol(novel=("happy", *compound), shots=1, **task))


@pytest.mark.slow
def test_killed_in_either_stage_it_ends_bit_by_bit_as_an_undisturbed_run(egs, domains, tmp_path):
    # An epoch of either stage and a last turn, four states each.
    episodes, both_stages = replace(EPISODES, epochs=3), replace(EGS, joint_epochs=1)
    model = replace(MODEL, dropout=0.5)
    common = {**of_recipe(model), "episodes": episodes, "egs": both_stages, "save_every": 1}
    assert_kills_change_nothing(egs, settings_of(egs, domains, tmp_path / "whole", **common), kills=3)
    one, other = (weights(tmp_path / run, "joint") for run in ("whole", "killed"))
    assert all(one[name].equal(other[name]) for name in one)


def test_two_processes_with_half_the_episodes_each_learn_as_one(egs, domains, tmp_path):
    """What a process draws at random is its own; all that is switched off here."""
    task = "ways 3, shots 1, queries 2, per-epoch 4, val-episodes 20, epochs 4"
    options = ["--cache", *domains, "--tracker", "none", "--data.frames", 2, "--egs.joint-epochs", 2]
    options += ["--encoder.width", 4, "--dropout", 0, "--noise.magnitude", 0, "--noise.flip", 0]
    options += [part for one in task.split(", ") for part in f"--episodes.{one}".split()]
    here(egs, *options, "--optim.lr", 1e-3, "--optim.accumulate", 2, "--out", tmp_path / "one")
    torchrun("egs", *options, "--optim.lr", 1e-3, "--out", tmp_path / "two")
    for one, two in zip(metrics(tmp_path / "one"), metrics(tmp_path / "two"), strict=True):
        for name in ("loss", "emotion_loss", "similarity_loss", "guide_loss", "train_accuracy"):
            assert two[name] == pytest.approx(one[name], rel=1e-5), (one["epoch"], name)


def test_an_encoder_to_start_from(egs, domains, teacher_run, striped_cache, tmp_path):
    teacher = teacher_run / "checkpoints" / "best"
    settings = settings_of(
        egs,
        (striped_cache,),
        tmp_path / "run",
        init=teacher,
        optim=OptimSettings(name="adam", lr=1e-9, warmup=0.0),
        episodes=replace(EPISODES, per_epoch=1, epochs=1),
        egs=EgsSettings(joint_epochs=1),
    )
    egs.main(settings)
    before, after = weights(teacher_run, "best"), weights(tmp_path / "run", "last")
    kernels = [name for name in before if name.startswith("encoder.") and name.endswith("weight")]
    assert kernels and all(before[name].allclose(after[name], atol=1e-6) for name in kernels)
    model, _ = load_checkpoint(tmp_path / "run" / "checkpoints" / "last")
    assert (model.settings.encoder.name, model.settings.head.name) == ("grouped_resnet18", "similarity")
    with refused(CheckpointError, "--data.split-seed"):
        other_split = DataSettings(frames=2, classes=("angry", "happy", "sad"), novel=())
        info_of_other = tmp_path / "other"
        info_of_other.mkdir()
        for file in teacher.iterdir():
            text = file.read_bytes()
            (info_of_other / file.name).write_bytes(
                text.replace(b'"split_hash": "', b'"split_hash": "0') if file.suffix == ".json" else text
            )
        egs.main(replace(settings, out=tmp_path / "next", init=info_of_other, data=other_split))


@pytest.mark.parametrize(
    ("options", "kind", "facts"),
    [
        (
            {"episodes": replace(EPISODES, ways=4)},
            DataError,
            ("4-way 1-shot", "2 queries", "--episodes.ways"),
        ),
        ({"episodes": replace(EPISODES, queries=7)}, DataError, ("one.h5", "angry 6, happy 6")),
        ({"data": DataSettings(classes=("angry", "joy"))}, SettingError, ("--data.classes joy", "happy")),
        ({"data": DataSettings(classes=("angry",))}, SettingError, ("two.h5", "angry", "--data.classes")),
        ({"data": DataSettings(novel=("contempt",))}, SettingError, ("--data.novel contempt", "happy")),
        ({"data": DataSettings(fold="1/3")}, SettingError, ("--data.fold 1/3", "--cache")),
    ],
)
def test_mistakes(egs, domains, tmp_path, options, kind, facts):
    with refused(kind, *facts):
        egs.main(settings_of(egs, domains, tmp_path / "run", **options))
    assert not (tmp_path / "run").exists()


def test_a_missing_file_of_weights_leaves_no_run_folder(egs, domains, tmp_path):
    with refused(CheckpointError, "nowhere.pth"):
        egs.main(settings_of(egs, domains, tmp_path / "run", weights=Path("nowhere.pth")))
    assert not (tmp_path / "run").exists()


def test_settings_that_cannot_be(egs, domains, tmp_path):
    with refused(SettingError, "--episodes.epochs 5"):
        settings_of(egs, domains, tmp_path, episodes=replace(EPISODES, epochs=5))
    with refused(SettingError, "--head csrn", "similarity", "matching", "prototype"):
        settings_of(egs, domains, tmp_path, **of_recipe(network("resnet18", "csrn")))
    with refused(SettingError, "--init", "--weights"):
        settings_of(egs, domains, tmp_path, init=Path("run"), weights=Path("resnet18.pth"))
    with refused(SettingError, "--cache"):
        settings_of(egs, (), tmp_path)
