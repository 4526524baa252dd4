import torch

from vidfer.models.embedding import Embedding
from vidfer.models.heads.prototype import PrototypeHead

LABELS = torch.tensor([1, 0, 1])


def clips(vectors):
    vectors = torch.tensor(vectors)
    return Embedding(vectors, torch.zeros(len(vectors), 3, 64, 14, 14))


def test_euclidean_is_minus_the_squared_distance_to_the_class_mean():
    support, query = clips([[0.0, 0.0], [3.0, 4.0], [2.0, 0.0]]), clips([[1.0, 0.0], [3.0, 3.0]])
    assert PrototypeHead()(support, LABELS, query).tolist() == [[-20.0, 0.0], [-1.0, -13.0]]


def test_cosine_does_not_see_lengths():
    support, query = clips([[5.0, 0.0], [0.0, 0.1], [0.1, 0.0]]), clips([[0.0, 7.0], [2.0, 2.0]])
    scores = PrototypeHead("cosine")(support, LABELS, query)
    torch.testing.assert_close(scores, torch.tensor([[1.0, 0.0], [0.5**0.5, 0.5**0.5]]))


def test_has_no_parameters():
    assert list(PrototypeHead().state_dict()) == []
