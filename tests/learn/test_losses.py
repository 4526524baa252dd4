"""Losses against numbers worked out by hand."""

import math

import pytest
import torch

from vidfer.learn.losses import csrn_loss, noisy_student_loss, relation_loss, smooth_targets


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


def test_a_batch_without_pseudo_labels_has_a_pseudo_loss_of_zero():
    logits = torch.randn(3, 2, requires_grad=True)
    labelled_loss, pseudo_loss = noisy_student_loss(
        logits, torch.eye(2)[[0, 1, 0]], torch.zeros(3, dtype=torch.bool)
    )
    assert pseudo_loss.item() == 0
    (labelled_loss + pseudo_loss).backward()
    assert torch.isfinite(logits.grad).all()


def test_csrn_loss_by_hand():
    # 2 ways, 1 shot, 2 queries (one of each class), 3 regions; one score of each region is wrong.
    pairs = torch.zeros(2, 3, 2)
    pairs[0, :, 0] = pairs[1, :, 1] = 1  # all right
    pairs[0, 0, 1] = 0.1  # face
    pairs[0, 1, 0] = 0.8  # eyes
    pairs[1, 2, 1] = 0.7  # mouth
    prototypes = torch.tensor([[1.0, 0.0], [0.5, 1.0]])
    loss = csrn_loss(pairs, prototypes, torch.tensor([0, 1]), torch.tensor([0, 1]))
    assert loss.item() == pytest.approx(0.01 / 4 + 0.04 / 4 + 0.09 / 4 + 0.7 * 0.25 / 4, abs=1e-7)


def test_csrn_loss_follows_the_labels_not_the_order():
    torch.manual_seed(0)
    pairs, prototypes = torch.rand(3, 3, 4), torch.rand(3, 2)
    support, query = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 1])
    order = torch.tensor([2, 0, 3, 1])
    same = csrn_loss(pairs[:, :, order], prototypes, support[order], query)
    torch.testing.assert_close(csrn_loss(pairs, prototypes, support, query), same)
    assert csrn_loss(pairs, prototypes, support, 1 - query) != same


def test_relation_loss_by_hand():
    # 2 queries of classes 1 and 0, 2 regions, 3 classes; errors 0.1, 0.2 and 0.5.
    scores = torch.tensor([[[0.1, 1, 0], [0, 0.8, 0]], [[0.5, 0, 0], [1, 0, 0]]])
    loss = relation_loss(scores, torch.tensor([1, 0]))
    assert loss.item() == pytest.approx((0.01 + 0.04 + 0.25) / 12)
