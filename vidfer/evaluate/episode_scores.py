"""Scores of many episodes over the same few clips, with nothing computed twice."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from vidfer.evaluate.episodes import Episodes
from vidfer.evaluate.folded_relation import FoldedRelation
from vidfer.evaluate.transductive import (
    check_transductive,
    refine_pair_scores,
    shares_of_scores,
    transductive_scores,
)
from vidfer.models.csrn import CSRNHead, select_channels
from vidfer.models.embedding import Embedding

PROTOTYPES_AT_ONCE = 64
"""Channel-selected faces in memory at a time; each needs 0.05 MB for itself and for each of its shots."""

QUERIES_AT_ONCE = 65536
"""Queries refined at a time; each has a number in memory for every query and class of its episode."""


class EpisodeScores:
    """Scores of episodes of one set of embedded clips, equal but for rounding to calling the head on each.

    CSRN's score of a pair of clips does not depend on the episode: every pair that occurs is compared once,
    in whatever episodes it is, also of several calls. A channel-selected prototype depends on the shots it is
    made of, so there is one for every different set of shots, which with two or more shots are about as many
    as there are ways in all episodes. Other heads are called episode by episode.

    Args:
        head: a few-shot head on ``device``.
        embedding: of all clips.
        device: where to compute.
        transductive: the queries of an episode refine its classes (:mod:`vidfer.evaluate.transductive`);
            otherwise each query is scored as if it were alone.

    Raises:
        VidferError: ``transductive`` with a head that it is not built for.
    """

    def __init__(
        self,
        head: nn.Module,
        embedding: Embedding,
        device: torch.device | str = "cpu",
        *,
        transductive: bool = False,
    ) -> None:
        if transductive:
            check_transductive(head)
        self.head, self.device, self.transductive = head, device, transductive
        self.embedding = Embedding(embedding.vector, embedding.maps).to(device)
        self.pairs: Tensor | None = None
        """(M, M) scores of query and support, summed over the regions; NaN where not compared yet. Smaller
        than the maps up to some 37,000 clips."""

    @torch.inference_mode()
    def score(self, episodes: Episodes, asked: np.ndarray) -> np.ndarray:
        """Scores of all episodes; the head must be in evaluation mode.

        Args:
            episodes: to score.
            asked: (E, N·Q) bool; a query that is not asked is not shown to the head.

        Returns:
            (E, N·Q, N) float32, NaN where not asked.
        """
        labels = torch.from_numpy(episodes.support_labels).to(self.device)
        scores = np.full((*episodes.query.shape, episodes.classes.shape[1]), np.nan, dtype=np.float32)
        if isinstance(self.head, CSRNHead):
            scores[asked] = self._csrn_scores(episodes, asked, labels)
            return scores
        for i in np.flatnonzero(asked.any(1)):
            support = self.embedding[torch.from_numpy(episodes.support[i]).to(self.device)]
            query = self.embedding[torch.from_numpy(episodes.query[i, asked[i]]).to(self.device)]
            of_episode = (
                transductive_scores(self.head, support, labels, query)
                if self.transductive
                else self.head(support, labels, query)
            )
            scores[i, asked[i]] = of_episode.float().cpu().numpy()
        return scores

    def _csrn_scores(self, episodes: Episodes, asked: np.ndarray, labels: Tensor) -> np.ndarray:
        """Scores (A, N) of the A queries that are asked."""
        folded, maps = FoldedRelation(self.head.relation), self.embedding.maps
        episode, _ = np.nonzero(asked)
        query = episodes.query[asked]  # (A,)
        pairs = self._pair_scores(folded, query[:, None], episodes.support[episode])
        prototypes = None
        if self.head.pairing == "all":
            prototypes = _prototype_scores(folded, maps[:, 0], query, episodes, episode)
        scores = self.head.class_scores(pairs[:, None], prototypes, labels)
        if self.transductive:
            refined = self._refined_pairs(folded, episodes, asked, pairs, scores)
            # A class's one refined score takes the place of those of its shots.
            classes = torch.arange(refined.shape[1], device=refined.device)
            scores = self.head.class_scores(refined[:, None], prototypes, classes)
        return scores.cpu().numpy()

    def _refined_pairs(
        self, folded: FoldedRelation, episodes: Episodes, asked: np.ndarray, pairs: Tensor, scores: Tensor
    ) -> Tensor:
        """Mean pair scores (A, N) over shots and the other queries, from those of shots (A, N·K) and from
        class scores (A, N)."""
        shares = torch.zeros(*asked.shape, scores.shape[1], device=scores.device)
        shares[torch.from_numpy(asked).to(scores.device)] = shares_of_scores(scores)  # unseen queries: none
        of_shots = pairs.unflatten(1, (scores.shape[1], -1))
        parts = []
        for rows in np.array_split(np.argwhere(asked), max(1, asked.sum() // QUERIES_AT_ONCE)):
            episode, place = rows.T
            of_others = shares[torch.from_numpy(episode).to(scores.device)]  # (A, N·Q, N)
            of_others[torch.arange(len(place)), torch.from_numpy(place)] = 0  # nobody vouches for himself
            own, others = episodes.query[episode, place], episodes.query[episode]
            done = sum(map(len, parts))
            parts.append(
                refine_pair_scores(
                    of_shots[done : done + len(place)].mean(-1),
                    of_shots.shape[-1],
                    self._pair_scores(folded, own[:, None], others),
                    of_others,
                )
            )
        return torch.cat(parts)

    def _pair_scores(self, folded: FoldedRelation, query: np.ndarray, support: np.ndarray) -> Tensor:
        """Scores summed over the regions of the pairs of ``query`` (A, 1) with ``support`` (A, S): (A, S)."""
        maps = self.embedding.maps
        if self.pairs is None:
            self.pairs = torch.full((len(maps), len(maps)), torch.nan, device=maps.device)
        of_query, of_support = (torch.from_numpy(x).to(maps.device) for x in (query, support))
        wanted = torch.zeros_like(self.pairs, dtype=torch.bool)
        wanted[of_query, of_support] = True
        new_query, new_support = (wanted & self.pairs.isnan()).nonzero(as_tuple=True)
        if len(new_query):
            scores = torch.zeros(len(new_query), device=maps.device)
            for region in range(maps.shape[1]):  # one by one: halves of one region are in memory at a time
                of_region = maps[:, region]
                scores += folded.score(
                    folded.query_halves(of_region), folded.support_halves(of_region), new_query, new_support
                )
            self.pairs[new_query, new_support] = scores
        return self.pairs[of_query, of_support]


def _prototype_scores(
    folded: FoldedRelation, faces: Tensor, query: np.ndarray, episodes: Episodes, episode: np.ndarray
) -> Tensor:
    """Scores (A, N) of queries (A,) of episodes (A,) with the channel-selected faces of these episodes."""
    ways = episodes.classes.shape[1]
    shots = episodes.support.reshape(len(episodes) * ways, -1)
    sets, which = np.unique(shots, axis=0, return_inverse=True)  # (P, K), and (E·N,) into it
    of_way = which.reshape(-1, ways)[episode]  # (A, N)
    # Ordered by prototype, so that each is made once and forgotten.
    pairs, place = np.unique(of_way * len(faces) + query[:, None], return_inverse=True)
    prototype, of_query = np.divmod(pairs, len(faces))
    of_query = torch.from_numpy(of_query).to(faces.device)
    query_halves = folded.query_halves(faces)
    scores = torch.empty(len(pairs), device=faces.device)
    for start in range(0, len(sets), PROTOTYPES_AT_ONCE):
        part = torch.from_numpy(sets[start : start + PROTOTYPES_AT_ONCE]).to(faces.device)
        of_set = torch.arange(len(part), device=faces.device).repeat_interleave(part.shape[1])
        halves = folded.support_halves(select_channels(faces[part.flatten()], of_set))
        here = slice(*np.searchsorted(prototype, [start, start + PROTOTYPES_AT_ONCE]))
        in_part = torch.from_numpy(prototype[here] - start).to(faces.device)
        scores[here] = folded.score(query_halves, halves, of_query[here], in_part)
    return scores[torch.from_numpy(place.reshape(of_way.shape)).to(faces.device)]
