import pytest
import torch
import torch.nn.functional as F

from vidfer.models.embedding import Embedding
from vidfer.models.heads.crn import CRNHead

LABELS = torch.tensor([1, 0, 1, 2, 1])


def some_clips(n, seed=0, side=4):
    generator = torch.Generator().manual_seed(seed)
    return Embedding(torch.zeros(n, 512), torch.rand(n, 3, 64, side, side, generator=generator))


def one_pair(relation, support, query):
    """The relation module as a person would draw it, on one pair of maps (64, H, W)."""
    maps = torch.cat([support, query])[None]
    maps = F.max_pool2d(F.relu(relation.bn1(relation.conv1(maps))), 2)
    maps = F.relu(relation.bn2(relation.conv2(maps))).amax((-2, -1))
    return torch.sigmoid(relation.fc2(F.relu(relation.fc1(maps))))[0, 0]


@pytest.mark.parametrize("side", [4, 14, 7])
@torch.no_grad()
def test_scores_are_products_averaged_over_the_regions(side):
    torch.manual_seed(0)
    head = CRNHead().eval()
    support, query = some_clips(5, side=side), some_clips(2, seed=1, side=side)
    scores = head(support, LABELS, query)
    assert scores.shape == (2, 3) and scores.std() > 1e-4
    for q in range(2):
        for n in range(3):
            products = []
            for r in range(3):
                shots = support.maps[n == LABELS, r]
                plain = torch.stack([one_pair(head.relation, shot, query.maps[q, r]) for shot in shots])
                products.append(plain.mean() * one_pair(head.relation, shots.mean(0), query.maps[q, r]))
            torch.testing.assert_close(scores[q, n], torch.stack(products).mean(), atol=1e-6, rtol=0)


def test_relation_module_of_any_size_has_its_own_number_of_parameters():
    assert sum(p.numel() for p in CRNHead().parameters()) == 111_505


@torch.no_grad()
def test_the_face_alone_does_not_see_the_other_regions():
    torch.manual_seed(0)
    head = CRNHead("face").eval()
    support, query = some_clips(5), some_clips(2, seed=1)
    scores = head(support, LABELS, query)
    other = torch.cat([support.maps[:, :1], torch.rand(5, 2, 64, 4, 4)], dim=1)
    assert torch.equal(head(Embedding(support.vector, other), LABELS, query), scores)
    assert not torch.equal(head(Embedding(support.vector, other.flip(1)), LABELS, query), scores)


def test_distributions_of_both_forms():
    prototypes = torch.zeros(1, 1, 2, 1, 2)
    prototypes[0, 0, 1] = torch.tensor([0.0, 3.0]).log1p()  # exp: 1, 1, 1, 4
    torch.testing.assert_close(CRNHead().distributions(prototypes), torch.tensor([[[1, 1, 1, 4]]]) / 7)
    # Means of the channels: 0 and log 2.
    by_channel = CRNHead(js_form="channels").distributions(prototypes)
    torch.testing.assert_close(by_channel, torch.tensor([[[1, 2]]]) / 3)


def test_distributions_are_those_of_the_class_means():
    head, support = CRNHead(), some_clips(5)
    relations = head.relations(support, LABELS, some_clips(2, seed=1))
    expected = torch.stack([support.maps[n == LABELS].mean(0) for n in range(3)])
    torch.testing.assert_close(relations.distributions, expected.flatten(2).softmax(-1))


@torch.no_grad()
def test_neither_the_order_nor_the_number_of_the_shots_is_an_advantage():
    torch.manual_seed(0)
    head = CRNHead().eval()
    support, query = some_clips(3), some_clips(4, seed=1)
    once = head(support, torch.tensor([2, 0, 1]), query)
    repeated = torch.tensor([1, 0, 2, 0, 0])
    many = head(support[repeated], torch.tensor([2, 0, 1])[repeated], query)
    torch.testing.assert_close(many, once, atol=1e-6, rtol=0)


def test_gradients_reach_every_parameter_and_map():
    torch.manual_seed(0)
    head, support, query = CRNHead(), some_clips(5), some_clips(4, seed=1)
    support.maps.requires_grad_()
    head(support, LABELS, query).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in head.parameters())
    assert (support.maps.grad.abs().sum((2, 3, 4)) > 0).all()
