"""Losses of the heads against numbers worked out by hand."""

import math

import pytest
import torch

from vidfer.models.heads.crn import crn_loss, divergence_loss, js_divergence
from vidfer.models.heads.csrn import csrn_loss
from vidfer.models.heads.relation import relation_loss


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


def test_js_divergence_in_closed_form():
    p = torch.tensor([[1.0, 0, 0], [0.5, 0.5, 0], [1, 0, 0], [0.2, 0.3, 0.5], [1, 0, 0]])
    q = torch.tensor([[0.0, 0.5, 0.5], [0, 0, 1], [0.5, 0.5, 0], [0.2, 0.3, 0.5], [1, 0, 0]])
    # Disjoint: 1. (1, 0) and (1/2, 1/2): the entropy of (3/4, 1/4) minus half a bit. Equal: 0.
    entropy = 2 - 0.75 * math.log2(3)
    expected = torch.tensor([1, 1, entropy - 0.5, 0, 0])
    torch.testing.assert_close(js_divergence(p, q), expected, atol=1e-6, rtol=0)
    assert torch.equal(js_divergence(p, q), js_divergence(q, p))


def test_js_divergence_of_a_mixture_with_its_parts():
    """Of (1-e, e) and (e, 1-e) the middle is one half each: 1 minus the binary entropy of e."""
    e = torch.tensor([0.5, 0.3, 0.1, 1e-3, 0.0], dtype=torch.float64)
    entropy = (torch.special.entr(e) + torch.special.entr(1 - e)) / math.log(2)
    p = torch.stack([1 - e, e], dim=-1)
    torch.testing.assert_close(js_divergence(p, p.flip(-1)), 1 - entropy)


def test_js_divergence_stays_in_its_range_and_can_be_trained_on():
    torch.manual_seed(0)
    logits = (torch.randn(20, 1000) * torch.logspace(-3, 3, 20)[:, None]).requires_grad_()
    p = logits.softmax(-1)  # from nearly uniform to exact zeros
    divergence = js_divergence(p[:, None], p)
    assert (p == 0).any() and (divergence >= 0).all() and (divergence <= 1).all()
    torch.testing.assert_close(divergence, divergence.T)
    divergence.sum().backward()
    assert logits.grad.isfinite().all() and logits.grad.abs().sum() > 0


def test_divergence_loss_falls_from_equal_to_disjoint_classes():
    equal, disjoint = torch.full((3, 1, 3), 1 / 3), torch.eye(3)[:, None]
    # y - D is 1 on the diagonal; elsewhere 0 for equal classes, and -1 for disjoint ones.
    assert divergence_loss(equal).item() == pytest.approx(1 - 3 / 9, abs=1e-6)
    assert divergence_loss(disjoint).item() == pytest.approx(0, abs=1e-6)
    both = torch.cat([equal, disjoint], dim=1)
    assert divergence_loss(both).item() == pytest.approx((1 - 3 / 9) / 2, abs=1e-6)


def test_crn_loss_by_hand():
    # 2 ways, 2 shots, 2 queries of classes 1 and 0, one region; errors 0.1 and 0.3 of 8 pairs, 0.2 of 4.
    pairs = torch.tensor([[[0.1, 0, 1, 1]], [[1, 0.7, 0, 0]]])
    prototypes = torch.tensor([[[0.0, 1.0]], [[0.8, 0.0]]])
    distributions = torch.full((2, 1, 5), 0.2)  # equal: a divergence loss of 1/2
    arguments = (pairs, prototypes, distributions, torch.tensor([0, 0, 1, 1]), torch.tensor([1, 0]))
    relation = (0.01 + 0.09) / 8 + 0.04 / 4
    assert crn_loss(*arguments, js_weight=1).item() == pytest.approx(relation + 0.5, abs=1e-6)
    assert crn_loss(*arguments, js_weight=0.1).item() == pytest.approx(relation + 0.05, abs=1e-6)
