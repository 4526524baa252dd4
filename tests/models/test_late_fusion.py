"""Late fusion: the mean of standardised scores, and of log-probabilities."""

import numpy as np
import pytest
import torch
from networks import network
from refused import refused

from vidfer.errors import CheckpointError
from vidfer.models.build import build_recogniser
from vidfer.models.embedding import Embedding
from vidfer.models.late_fusion import FusedRecogniser, mean_of_standardised
from vidfer.models.seen_labels import trained_on


def test_closed_form():
    """Two heads; their scores of the two support clips have the spreads 0.1 and 3 about each clip's mean."""
    cosines, distances = torch.tensor([[0.1, 0.3], [0.5, 0.5]]), torch.tensor([[-9.0, -15], [0, 6]])
    of_support = [torch.tensor([[[0.9, 0.7], [0.4, 0.6]]]), torch.tensor([[[-2.0, -8], [-6, 0]]])]
    episode = torch.tensor([0, 0])
    found = mean_of_standardised([cosines, distances], of_support, episode)
    torch.testing.assert_close(found, torch.tensor([[(-1 + 1) / 2, (1 - 1) / 2], [-1 / 2, 1 / 2]]))
    scaled = mean_of_standardised(
        [cosines * 50 - 7, distances], [of_support[0] * 50 + 3, of_support[1]], episode
    )
    torch.testing.assert_close(scaled, found, atol=1e-5, rtol=0)
    nothing = [torch.zeros(1, 2, 2), of_support[1]]  # a head that scores all support clips alike
    found = mean_of_standardised([cosines, distances], nothing, episode)
    torch.testing.assert_close(found, torch.tensor([[1 / 2, -1 / 2], [-1 / 2, 1 / 2]]))


@pytest.fixture(scope="module")
def members():
    torch.manual_seed(0)
    one = build_recogniser(network("conv4", head="csrn"), ("happy", "sad", "fear"))
    other = build_recogniser(network("resnet18", width=2, head="prototype"), ("Sad", "fear", "happy"))
    other.seen = trained_on(["fear"])
    return one.eval(), other.eval()


@pytest.fixture(scope="module")
def clips():
    crops = torch.randint(256, (9, 1, 3, 3, 48, 48), generator=torch.Generator().manual_seed(0))
    return crops.to(torch.uint8), torch.ones(9, 1, dtype=torch.bool)


@torch.no_grad()
def test_classifiers_of_the_same_classes_in_any_order(members, clips):
    fused = FusedRecogniser(members)
    assert fused.classes == ("happy", "sad", "fear") and fused.classifier is not None
    first, second = (one(*clips).softmax(1) for one in members)
    product = (first * second[:, [2, 0, 1]]).sqrt()
    torch.testing.assert_close(fused(*clips).softmax(1), product / product.sum(1, keepdim=True))
    assert fused.seen.labels == {"fear": "training"}
    other = build_recogniser(network("resnet18", width=2, head="prototype"), ("sad", "fear"))
    assert FusedRecogniser([members[0], other]).classifier is None
    assert FusedRecogniser([members[0], build_recogniser(network("conv4", head=None))]).head is None


@torch.no_grad()
@pytest.mark.parametrize("transductive", [False, True])
def test_each_head_scores_its_own_part(members, clips, transductive):
    fused = FusedRecogniser(members).eval()
    embedding, alone = fused.embed(*clips), [one.embed(*clips) for one in members]
    assert embedding.maps.shape[1] == 4  # three regions of one, one of the other
    support, query = np.array([[0, 1, 2, 3]]), np.array([[4, 5, 6, 7]])
    labels, mask = torch.tensor([0, 0, 1, 1]), np.array([[True, True, False, True]])
    found = fused.head.scorer(embedding, transductive=transductive).score(support, labels, query, mask)
    each, of_support = [], []
    for one, e in zip(members, alone):
        part = Embedding(e.vector, e.maps)
        scorer = one.head.scorer(part, transductive=transductive)
        each.append(scorer.score(support, labels, query, mask))
        of_support.append(one.head(part[:4], labels, part[:4])[None])
    expected = mean_of_standardised(each, of_support, torch.zeros(3, dtype=torch.int64))
    torch.testing.assert_close(found, expected, atol=1e-2, rtol=1e-3)
    assert found.shape == (3, 2) and fused.head.compares_maps and fused.head.transductive
    if not transductive:
        asked = embedding[torch.tensor([4, 5, 7])]
        torch.testing.assert_close(fused.head(embedding[:4], labels, asked), found, atol=1e-2, rtol=1e-3)
    nearest = fused.prototype_head()
    assert not nearest.compares_maps and len(nearest.parts(embedding)) == 2


def test_maps_of_several_sizes(members, clips):
    small = build_recogniser(network("conv4", head="crn", pools=4))
    with refused(CheckpointError, "14x14", "4x4", "one size"):
        FusedRecogniser([members[0], small.eval()]).embed(*clips)
