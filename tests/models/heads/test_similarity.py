import math

import pytest
import torch
from networks import network

from vidfer.models.build import build_head
from vidfer.models.embedding import Embedding
from vidfer.models.heads.similarity import SimilarityHead


def clips(vectors):
    vectors = torch.tensor(vectors)
    return Embedding(vectors, torch.zeros(len(vectors), 3, 64, 14, 14))


SUPPORT = clips([[5.0, 0.0], [0.0, 0.1], [-3.0, 0.0], [1.0, 1.0]])
QUERY = clips([[7.0, 0.0], [0.0, -2.0]])


def test_scores_are_the_mean_cosine_of_the_shots_times_the_scale():
    scores = SimilarityHead(10.0)(SUPPORT, torch.tensor([1, 0, 2, 0]), QUERY)
    half = math.sqrt(0.5)
    cosine = [[half / 2, 1.0, -1.0], [(-1 - half) / 2, 0.0, 0.0]]
    torch.testing.assert_close(scores, 10 * torch.tensor(cosine))


def test_more_shots_are_no_advantage_and_length_does_not_count():
    labels = torch.tensor([1, 0, 2])
    once = SimilarityHead()(SUPPORT[:3], labels, QUERY)
    many = SimilarityHead()(SUPPORT[torch.tensor([0, 1, 2, 1, 1])], torch.tensor([1, 0, 2, 0, 0]), QUERY)
    longer = Embedding(SUPPORT.vector[:3] * 9, SUPPORT.maps[:3])
    torch.testing.assert_close(many, once)
    torch.testing.assert_close(SimilarityHead()(longer, labels, QUERY), once)


def test_the_scale_is_learned_and_stays_positive():
    head = build_head(network(head="similarity", of_head={"cosine_scale": 4.0}).head)
    assert isinstance(head, SimilarityHead)
    labels = torch.tensor([1, 0, 2])
    assert head(SUPPORT[:3], labels, QUERY).max().item() == pytest.approx(4.0)
    optimiser = torch.optim.SGD(head.parameters(), lr=1.0)
    for _ in range(20):  # towards a smaller scale, a long way
        head(SUPPORT[:3], labels, QUERY)[0, 1].backward()
        optimiser.step()
    assert 0 < head.log_scale.exp() < 0.1


def test_a_clip_without_a_face_scores_nothing_and_makes_no_nan():
    blank = clips([[0.0, 0.0]])
    assert SimilarityHead()(SUPPORT[:3], torch.tensor([1, 0, 2]), blank).eq(0).all()
