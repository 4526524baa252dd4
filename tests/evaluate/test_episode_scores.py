"""Many episodes at once against the head on each, with weights that look like trained ones."""

import numpy as np
import pytest
import torch

from vidfer.data.episodes import EpisodeSampler
from vidfer.evaluate.episode_scores import EpisodeScores
from vidfer.evaluate.episodes import draw_episodes
from vidfer.models.embedding import Embedding
from vidfer.models.heads import csrn_scorer
from vidfer.models.heads.csrn import CSRNHead
from vidfer.models.heads.folded_relation import FoldedRelation
from vidfer.models.heads.prototype import PrototypeHead

LABELS = np.repeat(np.arange(4), 6)


def trained(head: CSRNHead) -> CSRNHead:
    """Batch norms as after training: scales of both signs, means and variances of their own."""
    torch.manual_seed(1)
    with torch.no_grad():
        for norm in (head.relation.bn1, head.relation.bn2):
            norm.weight.normal_()
            norm.bias.normal_()
            norm.running_mean.normal_(std=0.1)
            norm.running_var.uniform_(0.05, 2)
        head.relation.fc2.weight.mul_(3)
    return head.eval()


def clips() -> Embedding:
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(len(LABELS), 3, 64, 14, 14, generator=generator).relu()
    return Embedding(torch.randn(len(LABELS), 512, generator=generator), maps)


def drawn(**changes):
    task = {"ways": 3, "shots": 2, "queries": 2, "episodes": 15, "seed": 3} | changes
    return draw_episodes(EpisodeSampler(LABELS, **task))


@pytest.mark.parametrize("shots", [1, 2, 4])
@pytest.mark.parametrize("at_once", [5, 64])
@pytest.mark.parametrize(
    "head",
    [trained(CSRNHead()), trained(CSRNHead(pairing="published")), PrototypeHead()],
    ids=["csrn", "csrn-published", "prototype"],
)
def test_scores_are_those_of_the_head_on_each_episode(head, at_once, shots, monkeypatch):
    monkeypatch.setattr(csrn_scorer, "PROTOTYPES_AT_ONCE", at_once)
    embedding, episodes = clips(), drawn(shots=shots)
    query_mask = np.random.default_rng(0).random(episodes.query.shape) < 0.7
    query_mask[4] = False
    found = EpisodeScores(head, embedding).score(episodes, query_mask)
    assert (np.isnan(found).all(-1) == ~query_mask).all() and not np.isnan(found[query_mask]).any()
    for i in np.flatnonzero(query_mask.any(1)):
        with torch.no_grad():
            alone = head(
                embedding[torch.from_numpy(episodes.support[i])],
                torch.from_numpy(episodes.support_labels),
                embedding[torch.from_numpy(episodes.query[i][query_mask[i]])],
            )
        assert alone.std() > 1e-3  # scores that could be confused
        torch.testing.assert_close(torch.from_numpy(found[i][query_mask[i]]), alone, atol=1e-5, rtol=1e-5)


def test_every_pair_and_every_prototype_is_computed_once(monkeypatch):
    compared, made = [], []
    score, select = FoldedRelation.score, csrn_scorer.select_channels

    def counting(self, query_halves, support_halves, query, support):
        compared.append(len(query))
        return score(self, query_halves, support_halves, query, support)

    def selecting(maps, labels):
        made.append(int(labels.max()) + 1)
        return select(maps, labels)

    monkeypatch.setattr(FoldedRelation, "score", counting)
    monkeypatch.setattr(csrn_scorer, "select_channels", selecting)
    episodes = drawn(episodes=2000, shots=1)
    scores = EpisodeScores(trained(CSRNHead()), clips())
    scores.score(episodes, np.ones(episodes.query.shape, bool))
    pairs = len(LABELS) * (len(LABELS) - 1)  # a clip is never compared with itself
    assert compared == [pairs] * 3 + [pairs]  # three regions, and prototypes of one shot are that shot
    assert made == [len(LABELS)]
    more = drawn(episodes=50, shots=3)  # as for the curve of accuracy against shots
    scores.score(more, np.ones(more.query.shape, bool))
    assert len(compared) == 4 + len(made[1:])  # prototypes alone are new


@pytest.mark.parametrize("head", [trained(CSRNHead()), PrototypeHead()], ids=["csrn", "prototype"])
def test_a_query_is_scored_without_looking_at_the_others(head):
    episodes, scores = drawn(), EpisodeScores(head, clips())
    together = scores.score(episodes, np.ones(episodes.query.shape, bool))
    alone = np.zeros(episodes.query.shape, bool)
    alone[:, 1] = True
    np.testing.assert_allclose(scores.score(episodes, alone)[:, 1], together[:, 1], rtol=1e-5)
