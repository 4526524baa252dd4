"""Selection and balancing of pseudo-labels, exactly."""

from dataclasses import replace

import numpy as np
from refused import refused

from vidfer.errors import DataError, SettingError
from vidfer.learn.pseudo_labels import PseudoLabels
from vidfer.learn.selection import mean_quota, select, student_targets, summarise
from vidfer.learn.settings import PseudoLabelSettings


def labels_of(confident: list[tuple[int, float]], faceless: tuple[int, ...] = ()) -> PseudoLabels:
    """One clip per (class, confidence), the rest of the probability spread over the other two classes."""
    probabilities = np.empty((len(confident), 3), np.float32)
    for row, (number, confidence) in enumerate(confident):
        probabilities[row] = (1 - confidence) / 2
        probabilities[row, number] = confidence
    return PseudoLabels(
        clip_ids=tuple(f"clip{i}" for i in range(len(confident))),
        probabilities=probabilities,
        has_face=np.array([i not in faceless for i in range(len(confident))]),
        weights=np.zeros(len(confident), np.int64),
        classes=("angry", "happy", "sad"),
        teacher_hash="t",
        cache_hash="c",
    )


SOME = labels_of([(0, 0.9), (0, 0.5), (0, 0.7), (0, 0.6), (1, 0.8), (1, 0.55), (0, 0.45)], faceless=(2,))


def test_only_confident_clips_with_a_face_are_kept():
    chosen = select(SOME, PseudoLabelSettings(threshold=0.5, balance=False))
    assert chosen.weights.tolist() == [1, 0, 0, 1, 1, 1, 0]  # 0.5 is not above 0.5; clip 2 has no face


def test_the_most_confident_fill_the_quota_and_short_classes_repeat():
    chosen = select(SOME, PseudoLabelSettings(threshold=0.3, quota=3))
    # angry: 0.9, 0.6, 0.5 of four; happy: 0.8, 0.55 and 0.8 again; sad was never chosen.
    assert chosen.weights.tolist() == [1, 1, 0, 1, 2, 1, 0]


def test_a_quota_above_everything_repeats_all():
    chosen = select(SOME, PseudoLabelSettings(threshold=0.3, quota=5))
    assert chosen.weights.tolist() == [2, 1, 0, 1, 3, 2, 1]


def test_a_quota_that_all_clips_together_could_not_fill_is_an_error():
    assert select(SOME, PseudoLabelSettings(quota=6)).weights.sum() == 12
    with refused(SettingError, "--pseudo.quota 7", "at most 6", "--pseudo.no-balance"):
        select(SOME, PseudoLabelSettings(quota=7))
    with refused(SettingError, "--pseudo.quota 3", "--pseudo.no-balance"):
        PseudoLabelSettings(quota=3, balance=False)


def test_the_default_quota_is_the_mean_of_the_classes_that_occur():
    chosen = select(SOME, PseudoLabelSettings(threshold=0.3))
    assert mean_quota(np.array([0, 0, 0, 0, 1, 1])) == 3
    assert np.bincount(SOME.labels, weights=chosen.weights).tolist() == [3, 3]


def test_ties_are_taken_in_the_order_of_the_cache():
    chosen = select(labels_of([(0, 0.6), (0, 0.6), (0, 0.6)]), PseudoLabelSettings(quota=2))
    assert chosen.weights.tolist() == [1, 1, 0]


def test_nothing_above_the_threshold_is_an_error_that_names_the_highest():
    with refused(DataError, "0.95", "7 clips", "6 with a face", "0.90", "--pseudo.threshold"):
        select(SOME, PseudoLabelSettings(threshold=0.95))


def test_soft_targets_are_the_teachers_and_hard_ones_its_choice():
    assert np.array_equal(student_targets(SOME, soft=True), SOME.probabilities)
    hard = student_targets(SOME, soft=False)
    assert hard[0].tolist() == [1, 0, 0] and hard[4].tolist() == [0, 1, 0] and hard.dtype == np.float32


def test_without_weight_of_the_teacher_all_clips_with_a_face_are_selected_once():
    alone = PseudoLabelSettings(teacher_weight=0.0, consistency="fixmatch", threshold=0.99)
    assert select(SOME, alone).weights.tolist() == [1, 1, 0, 1, 1, 1, 1]
    people = replace(SOME, corrections={"clip0": "drop", "clip1": "sad"})
    chosen = select(people, alone)
    assert chosen.weights.tolist() == [0, 1, 0, 1, 1, 1, 1]
    targets = student_targets(chosen, soft=True, teacher_weight=0.0)
    assert targets[1].tolist() == [0, 0, 1] and targets[3:].max() == 0  # people still count
    half = student_targets(people, soft=True, teacher_weight=0.5)
    assert np.array_equal(half[3:], SOME.probabilities[3:] / 2) and half[1].tolist() == [0, 0, 1]
    with refused(DataError, "1 unlabelled clips", "face"):
        select(labels_of([(0, 0.9)], faceless=(0,)), alone)


def test_the_summary_counts_faces_classes_and_the_pool():
    found = summarise(select(SOME, PseudoLabelSettings(threshold=0.3, quota=3)))
    assert (found["clips"], found["without_face"], found["selected"], found["pool"]) == (7, 1, 5, 6)
    assert found["labelled_per_class"] == {"angry": 4, "happy": 2, "sad": 0}
    assert found["pool_per_class"] == {"angry": 3, "happy": 3, "sad": 0}
    assert sum(found["confidence_histogram"]) == 6 and found["confidence_histogram"][18] == 1  # 0.9
