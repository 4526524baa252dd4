"""Losses against numbers worked out by hand."""

import math

import pytest
import torch

from vidfer.learn.losses import distillation_loss, noisy_student_loss, smooth_targets


def test_smoothing_keeps_the_sum_and_spreads_over_all_classes():
    targets = smooth_targets(torch.tensor([2, 0]), 4, 0.1)
    torch.testing.assert_close(
        targets, torch.tensor([[0.025, 0.025, 0.925, 0.025], [0.925, 0.025, 0.025, 0.025]])
    )


def test_smoothed_loss_is_torchs_own():
    torch.manual_seed(0)
    logits, labels = torch.randn(5, 4), torch.tensor([0, 1, 2, 3, 1])
    mine, _ = noisy_student_loss(logits, smooth_targets(labels, 4, 0.1), torch.zeros(5, dtype=torch.bool))
    torch.testing.assert_close(mine, torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.1))


def test_each_part_is_a_mean_of_its_own():
    # Uniform logits over 2 classes: -log 0.5. Logits (log 3, 0): probabilities 3/4 and 1/4.
    logits = torch.tensor([[0.0, 0.0], [math.log(3), 0.0], [math.log(3), 0.0], [math.log(3), 0.0]])
    targets = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    pseudo = torch.tensor([False, True, True, True])
    labelled_loss, pseudo_loss = noisy_student_loss(logits, targets, pseudo)
    assert labelled_loss.item() == pytest.approx(math.log(2))
    hand = (math.log(4 / 3) + math.log(4) + 0.5 * (math.log(4 / 3) + math.log(4))) / 3
    assert pseudo_loss.item() == pytest.approx(hand)


def test_weights_multiply_each_clip_and_leave_the_number_of_clips():
    logits = torch.tensor([[0.0, 0.0], [math.log(3), 0.0], [0.0, 0.0]])
    targets, pseudo = torch.eye(2)[[0, 1, 0]], torch.tensor([False, False, True])
    labelled_loss, pseudo_loss = noisy_student_loss(
        logits, targets * torch.tensor([[0.5], [2.0], [1.0]]), pseudo
    )
    assert labelled_loss.item() == pytest.approx((0.5 * math.log(2) + 2 * math.log(4)) / 2)
    assert pseudo_loss.item() == pytest.approx(math.log(2))


def test_a_batch_without_pseudo_labels_has_a_pseudo_loss_of_zero():
    logits = torch.randn(3, 2, requires_grad=True)
    labelled_loss, pseudo_loss = noisy_student_loss(
        logits, torch.eye(2)[[0, 1, 0]], torch.zeros(3, dtype=torch.bool)
    )
    assert pseudo_loss.item() == 0
    (labelled_loss + pseudo_loss).backward()
    assert torch.isfinite(logits.grad).all()


def test_distillation_of_two_classes_by_hand():
    scores, guide = torch.zeros(1, 2, requires_grad=True), torch.tensor([[math.log(3.0), 0.0]])
    # KL((3/4, 1/4) || (1/2, 1/2)) = log 2 - H(1/4)
    wanted = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    loss = distillation_loss(scores, guide, 1.0)
    assert loss.item() == pytest.approx(wanted)
    loss.backward()
    torch.testing.assert_close(scores.grad, torch.tensor([[0.5 - 0.75, 0.5 - 0.25]]))  # q - p
    # Twice the logarithm at temperature 2 gives the same two posteriors, and T^2 = 4.
    assert distillation_loss(scores, 2 * guide, 2.0).item() == pytest.approx(4 * wanted)


def test_distillation_is_a_mean_over_clips_zero_for_equal_posteriors_and_asymmetric():
    torch.manual_seed(0)
    scores, guide = torch.randn(6, 5), torch.randn(6, 5)
    assert distillation_loss(guide + 3.0, guide, 4.0).item() == pytest.approx(0, abs=1e-6)
    each = [distillation_loss(scores[i : i + 1], guide[i : i + 1], 4.0).item() for i in range(6)]
    assert distillation_loss(scores, guide, 4.0).item() == pytest.approx(sum(each) / 6)
    assert distillation_loss(guide, scores, 4.0).item() != pytest.approx(sum(each) / 6)


def test_nothing_flows_back_into_a_guide():
    scores, guide = torch.randn(2, 3, requires_grad=True), torch.randn(2, 3, requires_grad=True)
    distillation_loss(scores, guide, 4.0).backward()
    assert guide.grad is None and scores.grad.abs().sum() > 0
