"""recipes/noisy_student.py: rounds, files, resume, and one or two processes."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from networks import of_recipe
from recipe_runs import (
    FAST,
    SHORT,
    TINY,
    assert_kills_change_nothing,
    assert_same_curve,
    here,
    metrics,
    torchrun,
    weights,
)
from refused import refused
from striped_cache import write_striped_cache

from vidfer.data.settings import DataSettings
from vidfer.errors import CheckpointError, RunError, SettingError
from vidfer.learn import student_data
from vidfer.learn.pseudo_labels import read_pseudo_labels
from vidfer.learn.settings import PseudoLabelSettings, StudentSettings
from vidfer.models.checkpoint import checkpoint_hash, load_checkpoint, save_checkpoint


def settings_of(noisy_student, striped_cache, teacher_run, out, **options):
    teacher = teacher_run / "checkpoints" / "best"
    return noisy_student.Settings(
        **{"cache": striped_cache, "teacher": teacher, "out": out, "train": SHORT} | FAST | options
    )


def test_two_rounds_of_students(noisy_student, striped_cache, teacher_run, tmp_path):
    out = tmp_path / "student"
    train = replace(SHORT, epochs=4)
    settings = settings_of(
        noisy_student,
        striped_cache,
        teacher_run,
        out,
        rounds=2,
        student=StudentSettings(width=5),
        train=train,
    )
    noisy_student.main(settings)

    labels = read_pseudo_labels(out / "pseudo_labels" / "round1.csv")
    assert labels.teacher_hash == checkpoint_hash(teacher_run / "checkpoints" / "best")
    truth = np.array([clip.split("/")[1][:-3] for clip in labels.clip_ids])
    said = np.array(labels.classes)[labels.labels]
    assert len(said) == 24 and (~labels.has_face).sum() == 3
    assert (truth == said)[labels.has_face].mean() > 0.6  # chance is 0.33
    assert (labels.weights[~labels.has_face] == 0).all() and labels.weights.sum() > 0
    second = read_pseudo_labels(out / "pseudo_labels" / "round2.csv")
    assert second.teacher_hash == checkpoint_hash(out / "checkpoints" / "round1")

    lines = metrics(out)
    assert [(line["round"], line.get("epoch")) for line in lines] == [
        (number, epoch) for number in (1, 2) for epoch in (None, 1, 2, 3, 4)
    ]
    assert lines[0]["pseudo_labels"]["pool"] == labels.weights.sum()
    assert all(line["pseudo_loss"] > 0 for line in lines if "epoch" in line)
    best, info = load_checkpoint(out / "checkpoints" / "best")
    assert best.settings.encoder.width == 5 and best.settings.head.name == "prototype"
    assert info["val_uar"] == max(line["val_uar"] for line in lines if "epoch" in line) > 0.5
    data = json.loads((out / "data.json").read_text())
    assert len(data["unlabelled"]) == 24 and not set(data["unlabelled"]) & set(data["val"])


def test_a_calibrated_teacher_chooses_the_same_classes_with_another_confidence(
    noisy_student, striped_cache, teacher_run, tmp_path
):
    labels, about = [], []
    for calibrate in (False, True):
        out = tmp_path / str(calibrate)
        pseudo = PseudoLabelSettings(threshold=0.0, calibrate=calibrate, min_calibration_clips=12)
        noisy_student.main(
            settings_of(
                noisy_student, striped_cache, teacher_run, out, pseudo=pseudo, train=replace(SHORT, epochs=1)
            )
        )
        labels.append(read_pseudo_labels(out / "pseudo_labels" / "round1.csv"))
        about.append(json.loads((out / "pseudo_labels" / "round1.json").read_text())["selection"])
    raw, calibrated = labels
    assert np.array_equal(raw.labels, calibrated.labels)
    assert "temperature" not in about[0] and 0.1 <= about[1]["temperature"] <= 10
    logits = np.log(raw.probabilities.astype(float)) / about[1]["temperature"]
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.allclose(calibrated.probabilities, expected, atol=1e-5)
    assert not np.allclose(raw.confidence, calibrated.confidence, atol=1e-3)


@pytest.mark.slow
def test_a_run_that_is_killed_ends_as_if_nothing_had_happened(
    noisy_student, striped_cache, teacher_run, tmp_path
):
    settings = settings_of(
        noisy_student,
        striped_cache,
        teacher_run,
        tmp_path / "whole",
        rounds=2,
        train=replace(SHORT, epochs=1, batch_size=3, ema_decay=0.9),
        pseudo=PseudoLabelSettings(threshold=0.0, quota=6),
        save_every=2,
    )
    assert_kills_change_nothing(noisy_student, settings, kills=3)


def test_two_processes_give_the_pseudo_labels_and_the_loss_curve_of_one(
    noisy_student, striped_cache, teacher_run, tmp_path
):
    common = "--noise.magnitude 0 --noise.flip 0 --data.frames 2 --tracker none --train.epochs 2"
    common += " --pseudo.threshold 0 --pseudo.quota 6"
    paths = ["--cache", striped_cache, "--teacher", teacher_run / "checkpoints" / "best"]
    common = [*paths, *common.split()]
    torchrun("noisy_student", *common, "--train.batch-size", "6", "--out", tmp_path / "two")
    # Each process normalises its half of a batch; so do two halves one after another.
    halves = ["--train.batch-size", 3, "--optim.accumulate", 2]
    here(noisy_student, *common, *halves, "--out", tmp_path / "one")
    assert_same_curve(tmp_path / "one", tmp_path / "two")
    tables = []
    for name in ("one", "two"):
        with (tmp_path / name / "pseudo_labels" / "round1.csv").open(newline="") as file:
            tables.append(list(csv.DictReader(file)))
    assert len(tables[0]) == 24
    for one, two in zip(*tables, strict=True):
        for column, value in one.items():
            if column == "confidence" or column.startswith("p_"):
                assert float(two[column]) == pytest.approx(float(value), abs=1e-5)
            else:
                assert two[column] == value


@pytest.mark.parametrize("teacher_weight", [0.0, 1.0])
def test_a_student_learns_from_what_it_is_sure_of_itself(
    noisy_student, striped_cache, teacher_run, tmp_path, teacher_weight
):
    pseudo = PseudoLabelSettings(
        threshold=0.0,
        consistency="freematch",
        consistency_momentum=0.5,
        teacher_weight=teacher_weight,
    )
    options = {"rounds": 2, "from_teacher": True, "train": replace(SHORT, epochs=4, label_smoothing=0.0)}
    out = tmp_path / "run"
    noisy_student.main(settings_of(noisy_student, striped_cache, teacher_run, out, pseudo=pseudo, **options))
    lines = [line for line in metrics(out) if "epoch" in line]
    assert len(lines) == 8 and all(0 < line["sure"] <= 1 for line in lines)
    assert len({line["sure"] for line in lines}) > 3
    assert all(line["consistency_loss"] > 0 for line in lines)
    assert all((line["pseudo_loss"] > 0) == (teacher_weight > 0) for line in lines)
    for line in lines:
        parts = line["labelled_loss"] + line["pseudo_loss"] + line["consistency_loss"]
        assert line["loss"] == pytest.approx(parts, rel=1e-5)
    assert max(line["val_uar"] for line in lines) > 0.5  # chance is 0.33
    labels = read_pseudo_labels(out / "pseudo_labels" / "round1.csv")
    if teacher_weight == 0:
        assert np.array_equal(labels.weights, labels.has_face)


@pytest.mark.slow
def test_a_consistent_run_that_is_killed_ends_as_if_nothing_had_happened(
    noisy_student, striped_cache, teacher_run, tmp_path
):
    settings = settings_of(
        noisy_student,
        striped_cache,
        teacher_run,
        tmp_path / "whole",
        rounds=2,
        train=replace(SHORT, epochs=1, batch_size=3, ema_decay=0.9, mixup=0.5, cutmix=1.0),
        pseudo=PseudoLabelSettings(threshold=0.0, quota=6, consistency="freematch", consistency_momentum=0.5),
        save_every=2,
    )
    assert_kills_change_nothing(noisy_student, settings, kills=2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        # The student trains and is its own guide; batch normalisation sees the same halves in both runs.
        "--pseudo.consistency fixmatch --pseudo.consistency-threshold 0.5 --train.ema-decay 0.9",
        # Thresholds follow all processes. Nothing normalises by the halves, so the whole batch is one step.
        "--pseudo.consistency freematch --pseudo.consistency-momentum 0 --from-teacher --freeze-encoder",
    ],
    ids=["fixmatch", "freematch"],
)
def test_two_processes_are_as_sure_as_one(noisy_student, striped_cache, teacher_run, tmp_path, options):
    common = "--noise.magnitude 0 --noise.flip 0 --data.frames 2 --tracker none --train.epochs 2"
    common += " --pseudo.threshold 0 --pseudo.quota 6 --student.dropout 0"
    paths = ["--cache", striped_cache, "--teacher", teacher_run / "checkpoints" / "best"]
    common = [*paths, *common.split()]
    whole, halves = ["--train.batch-size", 6], ["--train.batch-size", 3, "--optim.accumulate", 2]
    alone = whole if "freeze" in options else halves
    here(noisy_student, *common, *options.split(), *alone, "--out", tmp_path / "one")
    torchrun("noisy_student", *common, *options.split(), *whole, "--out", tmp_path / "two")
    assert_same_curve(tmp_path / "one", tmp_path / "two")
    sure = [[line["sure"] for line in metrics(tmp_path / name) if "sure" in line] for name in ("one", "two")]
    assert sure[0] == sure[1] and 0 < sure[0][0] < 1


def test_hidden_labels_are_never_seen(noisy_student, supervised, tmp_path, monkeypatch):
    cache = write_striped_cache(tmp_path / "a.h5", {"train": 6, "val": 3}).path
    few = {"data": replace(FAST["data"], labels_per_class=2), "train": replace(SHORT, epochs=1)}
    teacher = tmp_path / "teacher"
    supervised.main(supervised.Settings(cache=(cache,), out=teacher, **of_recipe(TINY), **FAST | few))
    out = tmp_path / "student"
    pseudo = PseudoLabelSettings(threshold=0.0)
    shown = []
    batches = student_data.MixedDataset.__getitem__

    def watched(self, place):
        item = batches(self, place)
        shown.append((bool(item["pseudo"]), int(item["label"])))
        return item

    monkeypatch.setattr(student_data.MixedDataset, "__getitem__", watched)
    noisy_student.main(settings_of(noisy_student, cache, teacher, out, pseudo=pseudo, **few))
    data = json.loads((out / "data.json").read_text())
    assert (len(data["train"]), len(data["unlabelled"]), len(data["val"])) == (6, 12, 9)
    assert {label for is_pseudo, label in shown if is_pseudo} == {-1}
    assert {label for is_pseudo, label in shown if not is_pseudo} == {0, 1, 2}
    other = replace(few["data"], split_seed=1)
    with refused(CheckpointError, "--data.labels-per-class", "--data.split-seed"):
        wrong = settings_of(
            noisy_student, cache, teacher, tmp_path / "b", pseudo=pseudo, **few | {"data": other}
        )
        noisy_student.main(wrong)


def test_the_unlabelled_clips_of_another_cache(noisy_student, striped_cache, teacher_run, tmp_path):
    other = tmp_path / "other.h5"
    shutil.copy(striped_cache, other)
    teacher, info = load_checkpoint(teacher_run / "checkpoints" / "best")
    save_checkpoint(
        tmp_path / "teacher", teacher, info | {"base_classes": ["fear"]}
    )  # from an earlier --init
    settings = settings_of(
        noisy_student,
        striped_cache,
        teacher_run,
        tmp_path / "run",
        teacher=tmp_path / "teacher",
        unlabelled=other,
        train=replace(SHORT, epochs=1),
    )
    noisy_student.main(settings)
    _, info = load_checkpoint(tmp_path / "run" / "checkpoints" / "best")
    assert info["base_classes"] == ["angry", "happy", "sad", "fear"]
    labels = read_pseudo_labels(tmp_path / "run" / "pseudo_labels" / "round1.csv")
    assert len(labels.clip_ids) == 24 + 18  # without its val clips


def test_every_epoch_shows_frames_of_its_own_also_where_processes_share_it(
    noisy_student, striped_cache, teacher_run, tmp_path, monkeypatch
):
    def set_epoch(self, epoch):
        """What Accelerate does once it has split the batches among processes: the data set is not told."""
        self.iteration = epoch
        if isinstance(self.batch_sampler, student_data.MixedBatches):
            self.batch_sampler.set_epoch(epoch)

    monkeypatch.setattr("accelerate.data_loader.DataLoaderShard.set_epoch", set_epoch)
    shown = []

    class Watched(student_data.MixedDataset):
        def __getitem__(self, place):
            shown.append({int(part._epoch) for part in self.parts.values()})
            return super().__getitem__(place)

    monkeypatch.setattr(student_data, "MixedDataset", Watched)
    train = replace(SHORT, epochs=2)
    out = tmp_path / "run"
    noisy_student.main(settings_of(noisy_student, striped_cache, teacher_run, out, rounds=2, train=train))
    # Two rounds of two epochs; the second round may select other clips.
    assert [epochs for i, epochs in enumerate(shown) if i == 0 or epochs != shown[i - 1]] == [
        {0},
        {1},
        {2},
        {3},
    ]


def test_kept_pseudo_labels_belong_to_their_teacher(noisy_student, striped_cache, teacher_run, tmp_path):
    teacher = tmp_path / "teacher"
    shutil.copytree(teacher_run / "checkpoints" / "best", teacher)
    settings = settings_of(noisy_student, striped_cache, teacher_run, tmp_path / "run", teacher=teacher)
    noisy_student.main(settings)
    shutil.copytree(teacher_run / "checkpoints" / "last", teacher, dirs_exist_ok=True)
    model, info = load_checkpoint(teacher)
    model.classifier[1].bias.data += 1
    save_checkpoint(teacher, model, info)
    with refused(RunError, "round1.", ".safetensors", "--out"):
        noisy_student.main(replace(settings, resume=True))


@pytest.mark.parametrize(
    ("options", "kind", "facts"),
    [
        ({"student": StudentSettings(width=2)}, SettingError, ("--student.width 2", "4")),
        (
            {"student": StudentSettings(width=8), "from_teacher": True},
            SettingError,
            ("--student.width 8", "--from-teacher"),
        ),
        ({"freeze_encoder": True}, SettingError, ("--freeze-encoder", "--from-teacher")),
        ({"teacher": Path("nowhere")}, CheckpointError, ("nowhere",)),
        ({"pseudo": PseudoLabelSettings(quota=1000)}, SettingError, ("--pseudo.quota 1000", "at most 21")),
        (
            {"data": DataSettings(classes=("happy", "sad"))},
            SettingError,
            ("--data.classes happy sad", "angry happy sad"),
        ),
        (
            {"data": DataSettings(classes=("angry", "sad"), novel=("happy",))},
            SettingError,
            ("--data.novel happy", "--teacher"),
        ),
    ],
)
def test_wrong_teachers_and_students(
    noisy_student, striped_cache, teacher_run, tmp_path, options, kind, facts
):
    with refused(kind, *facts):
        noisy_student.main(
            settings_of(noisy_student, striped_cache, teacher_run, tmp_path / "run", **options)
        )
    assert not (tmp_path / "run").exists()


def test_a_student_may_keep_its_teachers_encoder(noisy_student, striped_cache, teacher_run, tmp_path):
    options = {"from_teacher": True, "freeze_encoder": True}
    noisy_student.main(settings_of(noisy_student, striped_cache, teacher_run, tmp_path / "run", **options))
    teacher, student = weights(teacher_run, "best"), weights(tmp_path / "run")
    changed = {name.split(".")[0] for name, tensor in student.items() if not tensor.equal(teacher[name])}
    assert changed == {"classifier"}
