"""The folds of a cross-validation as one result."""

from dataclasses import replace

import numpy as np
import pytest
from made_up_results import classification, fewshot
from refused import refused

from vidfer.errors import ResultError
from vidfer.evaluate.bootstrap import bootstrap_interval
from vidfer.evaluate.intervals import joined_mean_interval, mean_interval, wilson_interval
from vidfer.evaluate.jackknife import jackknife_interval
from vidfer.evaluate.pooled_folds import pool_folds

DIVISION = {"folds": 3, "division_hash": "d0"}
RIGHT = ((1.0, 0.0, 1.0), (1.0, 1.0), (0.0, 1.0, 1.0))
LABELS = ("angry", "fear")


def fold(number: int, right=None, **changes):
    """Clips of one fold; answers are as ``right`` says."""
    right = RIGHT[number - 1] if right is None else right
    protocol = DIVISION | {"n_frames": 8, "fold": f"{number}/3"} | changes.pop("protocol", {})
    rows = changes.pop("rows", None) or [
        {"clip": f"{number}-{i}", "subject": f"p{number}", "label": LABELS[i % 2], "has_face": i > 0,
         "n_queries": 1, "accuracy": r, "predicted": LABELS[(i + (r == 0)) % 2], "probability": 0.9}
        for i, r in enumerate(right)
    ]  # fmt: skip
    table = np.zeros((2, 3), int)
    for row in rows:
        table[LABELS.index(row["label"]), LABELS.index(row["predicted"])] += 1
    return classification(
        right,
        rows=rows,
        protocol=protocol,
        measures={n: wilson_interval(int(sum(right)), len(right)) for n in ("WAR", "UAR")},
        confusion=table.tolist(),
        per_class=[
            {"class": n, "clips": int(t.sum()), "n_queries": int(t.sum()), "without_face": 0,
             "accuracy": float(t[k] / t.sum()) if t.sum() else None}
            for k, (n, t) in enumerate(zip(LABELS, table))
        ],
        **{"n_clips": len(rows), "n_subjects": 1, "checkpoint_hash": f"c{number}"} | changes,
    )  # fmt: skip


@pytest.fixture
def saved(tmp_path):
    def save(*results):
        for i, result in enumerate(results):
            result.save(tmp_path / f"f{i}" / f"{'fewshot' if result.curve else 'classification'}.json")
        return [tmp_path / f"f{i}" for i in range(len(results))]

    return save


def test_every_clip_counts_once_whatever_the_order_of_the_folds(saved):
    pooled = pool_folds(saved(fold(2), fold(3), fold(1)))["classification"]
    right = [r for of_fold in RIGHT for r in of_fold]
    labels = [LABELS[i % 2] for of_fold in RIGHT for i in range(len(of_fold))]
    subjects = [f"p{k + 1}" for k, of_fold in enumerate(RIGHT) for _ in of_fold]
    assert [row["clip"] for row in pooled.rows] == ["1-0", "1-1", "1-2", "2-0", "2-1", "3-0", "3-1", "3-2"]
    assert pooled.measures["WAR"] == wilson_interval(6, 8)
    assert pooled.measures["UAR"] == bootstrap_interval(right, classes=labels)
    assert pooled.measures["UAR over subjects"] == bootstrap_interval(
        right, classes=labels, subjects=subjects
    )
    assert pooled.measures["WAR over folds"] == mean_interval([2 / 3, 1.0, 2 / 3], "folds")
    assert (pooled.n_clips, pooled.n_subjects, pooled.n_without_face) == (8, 3, 3)
    assert np.sum(pooled.confusion) == 8 and pooled.per_class[0]["clips"] == 5
    assert pooled.per_class[0]["accuracy"] == pytest.approx(
        np.mean([r for r, name in zip(right, labels) if name == "angry"])
    )
    assert pooled.split == "3 folds" and pooled.pooled and not fold(1).pooled
    assert pooled.protocol["folds"] == 3 and "fold" not in pooled.protocol
    again = pool_folds(saved(fold(1), fold(2), fold(3)))["classification"]
    assert again == pooled  # also its checkpoint_hash, over those of the folds
    assert pooled.checkpoint_hash not in ("c1", "c2", "c3")


def test_a_fold_without_a_class_has_no_uar_of_the_task(saved):
    pooled = pool_folds(saved(fold(1), fold(2, (1.0,)), fold(3)))["classification"]
    assert "WAR over folds" in pooled.measures and "UAR over folds" not in pooled.measures


@pytest.mark.parametrize(
    ("results", "facts"),
    [
        ([fold(1), fold(3)], ("3 folds", ": 2;")),
        ([fold(1)], ("3 folds", ": 2, 3;")),
        ([fold(1), fold(2), fold(3), fold(2)], ("f1", "f3", "2/3")),
        ([fold(1), fold(2), fold(3, protocol={"division_hash": "d1"})], ("f2", "f0", "division_hash", "d1")),
        ([fold(1), fold(2), fold(3, cache_hash="xy")], ("f2", "f0", "cache_hash", "xy", "ab")),
        ([fold(1), fold(2), fold(3, protocol={"n_frames": 4})], ("f2", "f0", "n_frames", "4", "8")),
        ([fold(1), fold(2), fold(3, protocol={"base_classes": "sad"})], ("f2", "base_classes", "sad")),
        ([fold(1), fold(2), fold(3, rows=fold(1).rows)], ("'1-0'", "f0", "f2")),
        ([classification(), fold(2)], ("f0", "--data.fold")),
    ],
)
def test_folds_that_are_missing_or_do_not_belong_together_are_refused(saved, results, facts):
    with refused(ResultError, *facts):
        pool_folds(saved(*results))


def few(number: int, accuracies, values):
    task = {"ways": 2, "shots": 1, "queries": 1, "episodes": len(values), "episodes_hash": f"e{number}"}
    protocol = DIVISION | task | {"fold": f"{number}/3", "disjoint_by": "clip" if number == 2 else "subject"}
    whole = mean_interval(values)
    result = fewshot(
        accuracies,
        protocol=protocol,
        measures={"accuracy": whole},
        curve=[{"shots": 1, "mean": whole.mean, "low": whole.low, "high": whole.high, "episodes": whole.n}],
    )
    for row in result.rows:
        row["clip"] = f"{number}-{row['clip']}"
    return result


def test_episodes_of_all_folds_are_one_sample(saved):
    values = ([0.5, 1.0, 0.0, 1.0], [0.5, 0.5], [1.0, 1.0, 0.5])
    pooled = pool_folds(saved(*(few(k + 1, (0.5, 1.0), v) for k, v in enumerate(values))))["fewshot"]
    expected = mean_interval([*values[0], *values[1], *values[2]])
    for got in (pooled.main, joined_mean_interval([mean_interval(v) for v in values])):
        assert (got.mean, got.low, got.high) == pytest.approx((expected.mean, expected.low, expected.high))
        assert (got.n, got.over, got.method) == (9, "episodes", expected.method)
    assert pooled.protocol["episodes"] == 9 and pooled.n_clips == 6
    assert pooled.protocol["disjoint_by"] == "clip"  # of the fold that is known least
    (point,) = pooled.curve
    assert (point["mean"], point["low"]) == pytest.approx((expected.mean, expected.low))
    assert pooled.measures["accuracy over clips"].n == 6


def test_the_influence_of_support_clips_is_in_the_intervals_over_all_folds(saved):
    folds = [few(k + 1, (0.5, 1.0, 0.25, 0.75), [0.5, 1.0]) for k in range(3)]
    old = pool_folds(saved(*folds))["fewshot"]
    for number, result in enumerate(folds):
        for row, value in zip(result.rows, (0.4, 0.8, -0.3, 0.3)):
            row |= {"subject": f"{number}{row['subject']}", "jackknife_influence": [value, 0.9 * value]}
    pooled = pool_folds(saved(*folds))["fewshot"]
    assert old.support_fixed and not pooled.support_fixed
    rows = [row for result in folds for row in result.rows]
    accuracy, influence = (
        np.array([row[name] for row in rows]) for name in ("accuracy", "jackknife_influence")
    )
    labels, subjects = ([row[name] for row in rows] for name in ("label", "subject"))
    over_clips = jackknife_interval(accuracy, influence, classes=labels)
    assert pooled.measures["accuracy over clips"] == over_clips
    assert over_clips.low < old.measures["accuracy over clips"].low
    over_subjects = jackknife_interval(accuracy, influence, classes=labels, subjects=subjects)
    assert pooled.measures["accuracy over subjects"] == over_subjects and over_subjects.n == 6


def test_the_identity_overlap_of_folds_is_added_up(saved):
    folds = [few(k + 1, (0.5, 1.0), [0.5, 1.0]) for k in range(3)]
    counts = {"same_queries": 1, "same_right": 1, "other_queries": 2, "other_right": 1}
    known = [replace(fold, identity_overlap=counts) for fold in folds]
    assert pool_folds(saved(*known))["fewshot"].identity_overlap == {k: 3 * v for k, v in counts.items()}
    # An earlier vidfer did not count it; its episodes were not person-disjoint either.
    known[1] = replace(folds[1], protocol=folds[1].protocol | {"person_disjoint": False})
    assert pool_folds(saved(*known))["fewshot"].identity_overlap is None
    known[1] = replace(folds[1], protocol=folds[1].protocol | {"person_disjoint": True})
    with refused(ResultError, "f1", "f0", "person_disjoint"):
        pool_folds(saved(*known))


def test_one_subject_in_two_spellings_counts_once(saved):
    def spelt(*names: str):
        one, two = (fold(number) for number in (1, 2))
        return [
            replace(result, rows=[row | {"subject": name} for row in result.rows])
            for result, name in zip((one, two, fold(3)), names)
        ]

    pooled = pool_folds(saved(*spelt("ann", "ANN", "bob")))["classification"]
    expected = pool_folds(saved(*spelt("ann", "ann", "bob")))["classification"]
    assert pooled.n_subjects == 2 and pooled.measures == expected.measures
    assert pooled.measures["UAR over subjects"].n == 2
