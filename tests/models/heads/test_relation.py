import torch

from vidfer.models.embedding import Embedding
from vidfer.models.heads.relation import RelationHead

LABELS = torch.tensor([1, 0, 1, 2, 1])


def some_clips(n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return Embedding(torch.zeros(n, 512), torch.rand(n, 3, 64, 14, 14, generator=generator))


def head_of(regions):
    torch.manual_seed(0)
    return RelationHead(regions).eval()


@torch.no_grad()
def test_scores_are_the_average_over_the_regions():
    support, query = some_clips(5), some_clips(4, seed=1)
    by_region = []
    for region in range(3):
        in_place_of_faces = [Embedding(e.vector, e.maps[:, [region]]) for e in (support, query)]
        by_region.append(head_of("face")(in_place_of_faces[0], LABELS, in_place_of_faces[1]))
    scores = head_of("all")(support, LABELS, query)
    assert scores.shape == (4, 3) and scores.std() > 1e-4
    torch.testing.assert_close(scores, torch.stack(by_region).mean(0))


@torch.no_grad()
def test_a_class_is_the_mean_of_its_shots():
    support, query = some_clips(5), some_clips(4, seed=1)
    maps = torch.stack([support.maps[1], support.maps[[0, 2, 4]].mean(0), support.maps[3]])
    scores = head_of("all")(support, LABELS, query)
    of_means = head_of("all")(Embedding(torch.zeros(3, 512), maps), torch.arange(3), query)
    torch.testing.assert_close(scores, of_means)


def test_gradients_reach_every_parameter_and_map():
    head, support, query = RelationHead(), some_clips(5), some_clips(4, seed=1)
    torch.manual_seed(0)
    support.maps.requires_grad_()
    head(support, LABELS, query).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in head.parameters())
    assert (support.maps.grad.abs().sum((2, 3, 4)) > 0).all()
