import pytest
import torch

from vidfer.models.embedding import Embedding
from vidfer.models.heads.cosine import cosines
from vidfer.models.heads.matching import MatchingHead
from vidfer.models.heads.prototype import PrototypeHead
from vidfer.models.heads.similarity import SimilarityHead


def test_cosines_by_hand():
    query, directions = torch.tensor([[3.0, 4.0], [0.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, -1.0]])
    torch.testing.assert_close(cosines(query, directions), torch.tensor([[0.6, -0.8], [0.0, 0.0]]))


@pytest.mark.parametrize("head", [SimilarityHead(10.0), MatchingHead(10.0), PrototypeHead("cosine")])
def test_clips_that_look_nearly_alike_are_told_apart_in_half_precision_too(head):
    generator = torch.Generator().manual_seed(0)
    vectors = 1 + 0.2 * torch.rand(40, 512, generator=generator)  # as after a ReLU: cosines are nearly 1
    clips = Embedding(vectors, torch.zeros(40, 0, 64, 14, 14))
    labels = torch.arange(5).repeat_interleave(3)
    scores = head(clips[:15], labels, clips[15:])
    with torch.autocast("cpu", torch.bfloat16):
        halved = head(clips[:15], labels, clips[15:])
    assert halved.dtype == torch.float32
    torch.testing.assert_close(halved, scores, rtol=0, atol=1e-5)
