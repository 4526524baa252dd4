import numpy as np
import pytest
import torch
from refused import refused
from torchmetrics.classification import MulticlassAccuracy, MulticlassRecall

from vidfer.errors import CheckpointError, DataError
from vidfer.evaluate.classify import classify
from vidfer.infer.predict import Predictions, war_uar

CLASSES = ("happy", "sad", "fear")


def sure(*chosen: int) -> np.ndarray:
    """Probabilities that point at these classes."""
    return 0.1 + 0.7 * np.eye(3)[list(chosen)]


def test_exact_numbers_of_a_small_case():
    found = classify(sure(0, 0, 1, 1, 2, 0), [0, 0, 0, 1, 2, 2], [True] * 6, CLASSES)
    assert found.confusion.tolist() == [[2, 1, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0]]
    assert found.measures["WAR"].mean == pytest.approx(4 / 6)
    assert found.recall.tolist() == pytest.approx([2 / 3, 1, 1 / 2])
    assert found.measures["UAR"].mean == pytest.approx((2 / 3 + 1 + 1 / 2) / 3)
    assert found.correct.tolist() == [True, True, False, True, True, False]
    assert found.probability.tolist() == pytest.approx([0.8] * 6)
    assert (found.measures["WAR"].method, found.measures["WAR"].n, found.measures["UAR"].over) == (
        "Wilson",
        6,
        "clips",
    )


def test_a_clip_without_a_face_is_counted_and_wrong():
    everything_right = sure(0, 1, 2, 2)
    found = classify(everything_right, [0, 1, 2, 2], [True, True, False, True], CLASSES)
    assert found.measures["WAR"].mean == pytest.approx(3 / 4)
    assert found.measures["WAR"].n == 4
    assert found.measures["UAR"].mean == pytest.approx((1 + 1 + 1 / 2) / 3)
    assert found.confusion.tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]]
    assert (found.predicted[2], found.probability[2]) == (3, 0)


def test_numbers_without_meaning_of_a_clip_without_a_face_do_not_matter():
    odd = sure(0, 1)
    odd[1] = np.nan
    assert classify(odd, [0, 1], [True, False], CLASSES).measures["WAR"].mean == 0.5
    with refused(CheckpointError, "another checkpoint"):
        classify(odd, [0, 1], [True, True], CLASSES)


def test_a_class_without_clips_is_not_part_of_uar():
    found = classify(sure(0, 2, 1), [0, 0, 1], [True] * 3, CLASSES)
    assert found.measures["UAR"].mean == pytest.approx((1 / 2 + 1) / 2)
    assert np.isnan(found.recall[2])


def test_war_and_uar_are_torchmetrics_micro_accuracy_and_macro_recall():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 7, 300)
    probabilities = rng.dirichlet(np.ones(7), 300)
    probabilities[np.arange(300), labels] += 0.3 * (rng.random(300) < 0.5)
    found = classify(probabilities, labels, np.ones(300, bool), [str(k) for k in range(7)])
    scores, truth = torch.from_numpy(probabilities), torch.from_numpy(labels)
    assert found.measures["WAR"].mean == pytest.approx(
        MulticlassAccuracy(7, average="micro")(scores, truth).item()
    )
    assert found.measures["UAR"].mean == pytest.approx(
        MulticlassRecall(7, average="macro")(scores, truth).item()
    )
    assert found.measures["UAR"].low < found.measures["UAR"].mean < found.measures["UAR"].high


def test_nothing_to_judge():
    with refused(DataError, "`vidfer inspect`"):
        classify(np.empty((0, 3)), [], [], CLASSES)


def test_the_validation_of_a_run_counts_alike():
    rng = np.random.default_rng(1)
    labels, faces = rng.integers(0, 3, 40), rng.random(40) < 0.8
    probabilities = rng.dirichlet(np.ones(4), 40)
    found = classify(probabilities, labels, faces, ("a", "b", "c", "nobody"))
    seen = Predictions(np.arange(40), probabilities, labels, faces)
    assert war_uar(seen) == pytest.approx((found.measures["WAR"].mean, found.measures["UAR"].mean))
