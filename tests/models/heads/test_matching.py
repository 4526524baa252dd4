import math

import pytest
import torch

from vidfer.models.embedding import Embedding
from vidfer.models.heads.matching import MatchingHead


def clips(vectors):
    vectors = torch.tensor(vectors)
    return Embedding(vectors, torch.zeros(len(vectors), 3, 64, 14, 14))


SUPPORT = clips([[5.0, 0.0], [0.0, 0.1], [-3.0, 0.0]])  # cosines with (7, 0): 1, 0, -1
QUERY = clips([[7.0, 0.0]])


@pytest.mark.parametrize("scale", [1.0, 10.0])
def test_probabilities_are_the_attention_of_the_classes(scale):
    probabilities = MatchingHead(scale)(SUPPORT, torch.tensor([1, 0, 2]), QUERY).exp()
    attention = [math.exp(scale * cosine) for cosine in (0, 1, -1)]
    torch.testing.assert_close(probabilities, torch.tensor([attention]) / sum(attention))


def test_more_shots_are_no_advantage():
    once = MatchingHead()(SUPPORT, torch.tensor([1, 0, 2]), QUERY)
    many = MatchingHead()(SUPPORT[torch.tensor([0, 1, 2, 1, 1])], torch.tensor([1, 0, 2, 0, 0]), QUERY)
    torch.testing.assert_close(many, once)


def test_no_shot_is_too_far_away_for_a_finite_score():
    scores = MatchingHead(1000.0)(SUPPORT, torch.tensor([1, 0, 2]), QUERY)
    torch.testing.assert_close(scores, torch.tensor([[-1000.0, 0.0, -2000.0]]))
