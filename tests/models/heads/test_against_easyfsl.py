"""The baselines give what easyfsl's classes give (prototypical, matching and relation networks)."""

import pytest
import torch
from easyfsl.methods import MatchingNetworks, PrototypicalNetworks, RelationNetworks
from torch import nn

from vidfer.models.embedding import Embedding
from vidfer.models.heads.matching import MatchingHead
from vidfer.models.heads.prototype import PrototypeHead
from vidfer.models.heads.relation import RelationHead

LABELS = torch.tensor([2, 0, 1, 1, 0, 2])


@pytest.fixture
def episode():
    """Six support and five query clips."""
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(11, 512, generator=generator)
    maps = torch.rand(11, 3, 64, 14, 14, generator=generator)
    return Embedding(vectors[:6], maps[:6]), Embedding(vectors[6:], maps[6:])


def test_prototypical(episode):
    support, query = episode
    theirs = PrototypicalNetworks()
    theirs.process_support_set(support.vector, LABELS)
    scores = PrototypeHead()(support, LABELS, query)
    torch.testing.assert_close(-scores.neg().sqrt(), theirs(query.vector))  # theirs are not squared


def test_prototypical_by_cosine(episode):
    support, query = episode
    theirs = PrototypicalNetworks(feature_normalization=2)
    theirs.process_support_set(support.vector, LABELS)
    scores = theirs.cosine_distance_to_prototypes(theirs.compute_features(query.vector))
    torch.testing.assert_close(PrototypeHead("cosine")(support, LABELS, query), scores)


class NoContext(nn.Module):
    """Stands where easyfsl puts a support in the context of the others, and adds nothing to it."""

    def forward(self, features):
        return (torch.zeros(*features.shape[:2], 2 * features.shape[2]),)


class NoContextCell(nn.Module):
    def forward(self, inputs, states):
        return torch.zeros_like(states[0]), states[1]


def test_matching(episode):
    support, query = episode
    theirs = MatchingNetworks(
        feature_dimension=512,
        support_encoder=NoContext(),
        query_encoder=NoContextCell(),
        feature_normalization=2,  # of queries as well: the paper's cosine
    )
    theirs.process_support_set(support.vector, LABELS)
    scores = MatchingHead()(support, LABELS, query)
    torch.testing.assert_close(
        scores, theirs(query.vector), atol=1e-5, rtol=0
    )  # they add 1e-6 inside the log
    assert scores.std() > 1e-3


def test_relation(episode):
    support, query = episode
    torch.manual_seed(0)
    head = RelationHead("face")
    ours = head.relation
    theirs = RelationNetworks(
        feature_dimension=64,
        relation_module=nn.Sequential(
            nn.Sequential(ours.conv1, ours.bn1, nn.ReLU(), nn.MaxPool2d(2)),
            nn.Sequential(ours.conv2, ours.bn2, nn.ReLU(), nn.MaxPool2d(2)),
            nn.Sequential(nn.Flatten(), ours.fc1, nn.ReLU(), ours.fc2, nn.Sigmoid()),
        ),
    )
    theirs.process_support_set(support.maps[:, 0], LABELS)
    for mode in (True, False):  # statistics of the batch, then those it has left
        head.train(mode)
        scores = head(support, LABELS, query)
        torch.testing.assert_close(scores, theirs(query.maps[:, 0]), atol=1e-6, rtol=0)
    assert scores.std() > 1e-3
