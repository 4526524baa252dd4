"""Weights of classes with few clips."""

import numpy as np
import pytest
import torch
from refused import refused

from vidfer.errors import SettingError
from vidfer.learn.settings import TrainSettings
from vidfer.learn.supervised import class_weights

LABELS = [0] * 6 + [1] * 3 + [2]


def weights_of(kind: str, **options) -> torch.Tensor:
    return class_weights(LABELS, 4, TrainSettings(class_weights=kind, **options))


def test_no_weights_are_none():
    assert weights_of("none") is None


def test_balanced_classes_count_alike():
    # 10 clips, 3 classes: 10 / (3 n).
    torch.testing.assert_close(weights_of("balanced"), torch.tensor([10 / 18, 10 / 9, 10 / 3, 0.0]))


def test_effective_numbers_by_hand():
    # beta 0.5: effective numbers 2 (1 - 2^-6) = 63/32, 2 (1 - 1/8) = 7/4, and 1.
    weights = weights_of("effective", effective_beta=0.5)
    raw = np.array([32 / 63, 4 / 7, 1, 0])
    torch.testing.assert_close(weights, torch.from_numpy(raw * 10 / (raw * [6, 3, 1, 0]).sum()).float())
    assert weights[LABELS].mean() == pytest.approx(1)


def test_effective_numbers_lie_between_no_weights_and_balanced_ones():
    assert weights_of("effective", effective_beta=0.0).tolist() == pytest.approx([1, 1, 1, 0])
    close = weights_of("effective", effective_beta=1 - 1e-9)
    torch.testing.assert_close(close, weights_of("balanced"), rtol=1e-5, atol=0)


def test_scarce_classes_are_not_made_up_for_twice():
    with refused(SettingError, "--train.class-weights effective", "--train.balanced"):
        TrainSettings(balanced=True, class_weights="effective")
    with refused(SettingError, "--train.effective-beta 1.0", "below 1"):
        TrainSettings(class_weights="effective", effective_beta=1.0)
