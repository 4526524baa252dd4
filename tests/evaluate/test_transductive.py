"""Queries that refine the classes, against loops over episodes, classes and queries."""

import numpy as np
import pytest
import torch
from refused import refused
from test_episode_scores import clips, drawn, trained

from vidfer.errors import SettingError
from vidfer.evaluate.episode_scores import EpisodeScores, check_transductive
from vidfer.evaluate.episodes import Episodes
from vidfer.models.heads import HEADS, csrn_scorer
from vidfer.models.heads.crn import CRNHead
from vidfer.models.heads.csrn import CSRNHead
from vidfer.models.heads.matching import MatchingHead
from vidfer.models.heads.prototype import PrototypeHead
from vidfer.models.heads.relation import RelationHead
from vidfer.models.heads.select_channels import select_channels
from vidfer.models.heads.similarity import SimilarityHead


def softmax(values):
    values = np.exp(values - np.max(values))
    return values / values.sum()


def unit(vector):
    return vector / np.linalg.norm(vector)


def refined(shots, shares, queries):
    """Ren et al.: the mean of a class's shots and, by their shares, all queries; clip by clip."""
    total, weight = np.zeros_like(shots[0]), 0.0
    for x in shots:
        total, weight = total + x, weight + 1
    for x, share in zip(queries, shares):
        total, weight = total + share * x, weight + share
    return total / weight


def naive_vectors(vectors, support, query, score, share):
    """Scores (Q, N): ``support`` is a list of positions for each class."""
    shots, queries = [[vectors[i] for i in way] for way in support], [vectors[i] for i in query]
    means = [sum(way) / len(way) for way in shots]
    shares = [share([score(x, mean) for mean in means]) for x in queries]
    better = [refined(way, [z[c] for z in shares], queries) for c, way in enumerate(shots)]
    return np.array([[score(x, mean) for mean in better] for x in queries])


def naive_relation(head, maps, support, query):
    """Scores (Q, N) of the relation network: means of maps instead of means of vectors."""

    def compare(x, prototype):
        with torch.no_grad():
            pair = (torch.from_numpy(m).float()[None] for m in (x, prototype))
            return float(head.relation(*pair).mean())

    return naive_vectors(maps, support, query, compare, lambda scores: np.array(scores) / sum(scores))


def naive_csrn(head, maps, support, query):
    """Scores (Q, N) of CSRN: pairs with the other queries join the pairs with the shots."""

    def pair(a, b):
        with torch.no_grad():
            return float(head.relation(maps[a][None], maps[b][None]).sum())

    def prototype(a, way):
        with torch.no_grad():
            made = select_channels(maps[way][:, 0], torch.zeros(len(way), dtype=torch.int64))
            return 0.7 * float(head.relation(maps[a][None, :1], made[:, None]))

    weigh = head.pairing == "all"
    of_shots = [[np.mean([pair(a, s) for s in way]) for way in support] for a in query]
    of_class = [[prototype(a, way) * weigh for way in support] for a in query]
    first = np.array(of_shots) + np.array(of_class)
    shares = first / first.sum(1, keepdims=True)
    scores = np.zeros_like(first)
    for i, a in enumerate(query):
        for c, way in enumerate(support):
            total, weight = len(way) * of_shots[i][c], float(len(way))
            for j, b in enumerate(query):
                if j != i:
                    total, weight = total + shares[j, c] * pair(a, b), weight + shares[j, c]
            scores[i, c] = total / weight + of_class[i][c]
    return scores


def naive(head, embedding, support, query):
    vectors = embedding.vector.numpy().astype(np.float64)
    if isinstance(head, CSRNHead):
        return naive_csrn(head, embedding.maps, support, query)
    if isinstance(head, RelationHead):
        return naive_relation(head, embedding.maps.numpy(), support, query)
    if isinstance(head, SimilarityHead):
        vectors, scale = np.array([unit(x) for x in vectors]), head.log_scale.exp().item()
        return naive_vectors(vectors, support, query, lambda x, p: scale * x @ p, softmax)
    if head.distance == "cosine":
        vectors = np.array([unit(x) for x in vectors])
        return naive_vectors(
            vectors, support, query, lambda x, p: x @ unit(p), lambda scores: softmax(10 * np.array(scores))
        )
    return naive_vectors(vectors, support, query, lambda x, p: -((x - p) ** 2).sum(), softmax)


@pytest.mark.parametrize("shots", [1, 3])
@pytest.mark.parametrize(
    "head",
    [
        PrototypeHead(),
        PrototypeHead("cosine"),
        SimilarityHead(),
        trained(RelationHead()),
        trained(CSRNHead()),
        trained(CSRNHead(pairing="published")),
    ],
    ids=["prototype", "cosine", "similarity", "relation", "csrn", "csrn-published"],
)
def test_scores_are_those_of_loops_to_the_last_query(head, shots, monkeypatch):
    monkeypatch.setattr(csrn_scorer, "QUERIES_AT_ONCE", 7)
    embedding, episodes = clips(), drawn(shots=shots, episodes=3)
    # Near to each other, so that the shares of the Euclidean head are no zeros and ones.
    embedding = type(embedding)(embedding.vector / 40, embedding.maps)
    query_mask = np.random.default_rng(0).random(episodes.query.shape) < 0.7
    query_mask[1] = False
    found = EpisodeScores(head, embedding, transductive=True).score(episodes, query_mask)
    alone = EpisodeScores(head, embedding).score(episodes, query_mask)
    assert (np.isnan(found).all(-1) == ~query_mask).all()
    for i in np.flatnonzero(query_mask.any(1)):
        support = episodes.support[i].reshape(3, shots).tolist()
        expected = naive(head, embedding, support, episodes.query[i][query_mask[i]].tolist())
        np.testing.assert_allclose(found[i][query_mask[i]], expected, atol=2e-5, rtol=1e-4)
    assert np.abs(found[query_mask] - alone[query_mask]).max() > 1e-3  # the others do matter


def test_queries_show_where_their_class_is():
    """One shot far from the middle of its class; the queries are all in the middle."""
    vector = torch.zeros(8, 2)
    vector[0], vector[1] = torch.tensor([0.0, 2.9]), torch.tensor([4.0, 0.0])  # the shots
    vector[2:5] = torch.tensor([[0.0, 0.0], [0.1, 0.0], [1.2, -1.0]])  # class 0; the last one is nearer to 1
    vector[5:] = torch.tensor([[4.0, 0.1], [4.1, 0.0], [4.0, -0.1]])
    episode = Episodes(np.array([[0, 1]]), np.arange(2, 8)[None], np.array([[0, 1]]))
    embedding = type(clips())(vector, torch.zeros(8, 1, 1, 1, 1))
    query_mask = np.ones((1, 6), bool)
    chosen = [
        EpisodeScores(PrototypeHead(), embedding, transductive=t).score(episode, query_mask)[0].argmax(-1)
        for t in (False, True)
    ]
    assert chosen[0].tolist() == [0, 0, 1, 1, 1, 1] and chosen[1].tolist() == [0, 0, 0, 1, 1, 1]


def test_other_heads_say_that_they_have_none():
    able = {name for name, head in HEADS.items() if head.transductive}
    own = {name for name, head in HEADS.items() if {"transductive_scores", "scorer"} & vars(head).keys()}
    assert able == own, "the flag says what a head has"
    assert able == {"prototype", "similarity", "relation", "csrn"}
    for head in (MatchingHead(), CRNHead()):
        with refused(SettingError, head.Settings.name, *able, "--transductive", "--head prototype"):
            EpisodeScores(head, clips(), transductive=True)
        with refused(SettingError, head.Settings.name, "--transductive"):
            check_transductive(head)
