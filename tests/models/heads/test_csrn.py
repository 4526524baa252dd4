import pytest
import torch
import torch.nn.functional as F

from vidfer.models.embedding import Embedding
from vidfer.models.heads import relation_module
from vidfer.models.heads.csrn import CSRNHead
from vidfer.models.heads.relation_module import RelationModule
from vidfer.models.heads.select_channels import select_channels

LABELS = torch.tensor([1, 0, 2, 0, 1, 1])  # unordered; two, three and one shots


def some_clips(n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return Embedding(
        torch.randn(n, 512, generator=generator), torch.rand(n, 3, 64, 14, 14, generator=generator)
    )


def trained(head, seed=0):
    """A head whose batch normalisation is not at its start, in evaluation mode."""
    torch.manual_seed(seed)
    head.train()
    with torch.no_grad():
        for _ in range(3):
            head.pair_scores(some_clips(4, seed=1).maps * 2, some_clips(4, seed=2).maps)
    return head.eval()


def one_pair(relation, support, query):
    """The published network, written as the paper draws it, on one pair of maps (64, 14, 14)."""
    maps = torch.cat([support, query])[None]
    maps = F.max_pool2d(F.relu(relation.bn1(relation.conv1(maps))), 2)
    maps = F.max_pool2d(F.relu(relation.bn2(relation.conv2(maps))), 2)
    return torch.sigmoid(relation.fc2(F.relu(relation.fc1(maps.flatten(1)))))[0, 0]


def test_relation_module_is_the_published_size():
    assert sum(p.numel() for p in RelationModule().parameters()) == 113_041
    assert sum(p.numel() for p in CSRNHead().parameters()) == 113_041


@pytest.mark.parametrize("pairs_at_once", [1, 2048])
def test_pair_scores_are_those_of_one_pair_at_a_time(monkeypatch, pairs_at_once):
    monkeypatch.setattr(relation_module, "PAIRS_AT_ONCE", pairs_at_once)
    head = trained(CSRNHead())
    support, query = some_clips(2, seed=3).maps, some_clips(3, seed=4).maps
    with torch.no_grad():
        scores = head.pair_scores(query, support)
        expected = [[[one_pair(head.relation, s[r], q[r]) for s in support] for r in range(3)] for q in query]
    assert scores.shape == (3, 3, 2)
    torch.testing.assert_close(scores, torch.tensor(expected), atol=1e-6, rtol=0)
    assert scores.std() > 1e-3
    with_gradients = head.pair_scores(query, support)  # all pairs at once
    torch.testing.assert_close(with_gradients, scores, atol=1e-6, rtol=0)


def test_select_channels_by_hand():
    """Spatial means of one class: channel 0 is 0, 4, 5 (mean 3, nearest 4); channel 1 is 9, 0, 3 (mean 4,
    nearest 3)."""
    means = torch.tensor([[0.0, 9.0], [1.0, 1.0], [4.0, 0.0], [5.0, 3.0]])
    pattern = torch.tensor([[-1.0, 1.0], [1.0, -1.0]])
    maps = means[:, :, None, None] + pattern
    selected = select_channels(maps, torch.tensor([1, 0, 1, 1]))
    assert torch.equal(selected[0], maps[1])
    assert torch.equal(selected[1, 0], maps[2, 0]) and torch.equal(selected[1, 1], maps[3, 1])


def test_select_channels_equals_a_loop():
    maps = some_clips(6).maps[:, 0]
    selected = select_channels(maps, LABELS)
    for n in range(3):
        shots = maps[LABELS.eq(n)]
        prototype = shots.mean(0)
        for c in range(64):
            if len(shots) == 2:  # a tie: the larger mean
                chosen = max(shots, key=lambda shot: shot[c].mean())
            else:
                chosen = min(shots, key=lambda shot: (prototype[c].mean() - shot[c].mean()).abs())
            assert torch.equal(selected[n, c], chosen[c])


def test_select_channels_of_several_episodes_at_once():
    maps = some_clips(18).maps[:, 0].unflatten(0, (3, 6))
    labels = torch.stack([LABELS, LABELS.flip(0), torch.tensor([0, 0, 1, 1, 2, 2])])
    selected = select_channels(maps, labels)
    assert selected.shape == (3, 3, 64, 14, 14)
    for episode in range(3):
        assert torch.equal(selected[episode], select_channels(maps[episode], labels[episode]))


@pytest.mark.parametrize("without", [0, 2])
def test_episodes_of_different_ways_are_not_one_batch(without):
    labels = torch.stack([LABELS, LABELS])
    labels[1, labels[1] == without] = 1
    with pytest.raises(ValueError, match=r"hold every class 0 \.\. N-1"):
        select_channels(torch.rand(2, 6, 4, 2, 2), labels)


def test_scores_are_the_papers_sum():
    head = trained(CSRNHead())
    labels = torch.tensor([0, 1, 1, 0])
    support, query = some_clips(4, seed=3), some_clips(2, seed=4)
    with torch.no_grad():
        relations = head.relations(support, labels, query)
        scores = head(support, labels, query)
        published = CSRNHead(pairing="published")
        published.relation = head.relation
        pairs_only = published.eval()(support, labels, query)
        for q in range(2):
            for n in range(2):
                of_class = relations.pair_scores[q, :, labels == n]
                prototype = one_pair(head.relation, relations.prototypes[n], query.maps[q, 0])
                torch.testing.assert_close(relations.prototype_scores[q, n], prototype, atol=1e-6, rtol=0)
                torch.testing.assert_close(
                    scores[q, n], of_class.sum() + 2 * 0.7 * prototype, atol=1e-5, rtol=0
                )
                torch.testing.assert_close(pairs_only[q, n], of_class.sum(), atol=1e-5, rtol=0)


def test_a_table_of_all_pairs_serves_every_episode():
    head = trained(CSRNHead())
    clips = some_clips(8)
    support, query = torch.tensor([1, 5, 6, 2]), torch.tensor([0, 7])
    labels = torch.tensor([0, 1, 0, 1])
    with torch.no_grad():
        table = head.pair_scores(clips.maps, clips.maps)
        relations = head.relations(clips[support], labels, clips[query])
        picked = table[query][:, :, support]
        torch.testing.assert_close(picked, relations.pair_scores, atol=1e-6, rtol=0)
        scores = head.class_scores(picked, relations.prototype_scores, labels)
        torch.testing.assert_close(scores, head(clips[support], labels, clips[query]), atol=1e-5, rtol=0)


def test_more_shots_are_no_advantage():
    """A class with the same clip three times scores what it scores with it once."""
    head = trained(CSRNHead())
    clips, query = some_clips(2, seed=3), some_clips(3, seed=4)
    with torch.no_grad():
        once = head(clips, torch.tensor([0, 1]), query)
        thrice = head(clips[torch.tensor([0, 1, 0, 0])], torch.tensor([0, 1, 0, 0]), query)
    torch.testing.assert_close(thrice / 2, once, atol=1e-5, rtol=0)  # 2 shots a class on average


def test_gradients_reach_every_parameter_and_map():
    torch.manual_seed(0)
    head = CSRNHead()
    support, query = some_clips(6), some_clips(4, seed=1)
    support.maps.requires_grad_()
    head(support, LABELS, query).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in head.parameters())
    assert (support.maps.grad.abs().sum((2, 3, 4)) > 0).all()


def test_the_order_of_the_support_does_not_matter():
    head = trained(CSRNHead())
    support, query = some_clips(6), some_clips(4, seed=1)
    order = torch.tensor([3, 5, 0, 1, 4, 2])
    with torch.no_grad():
        expected = head(support, LABELS, query)
        torch.testing.assert_close(head(support[order], LABELS[order], query), expected, atol=1e-5, rtol=0)
