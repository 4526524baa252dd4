"""CSRN's scores of many episodes over the same clips, with nothing computed twice."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from vidfer.models.embedding import Embedding
from vidfer.models.heads.episode_scorer import EpisodeScorer
from vidfer.models.heads.folded_relation import FoldedRelation
from vidfer.models.heads.refine import refine_pair_scores, shares_of_scores
from vidfer.models.heads.select_channels import select_channels

PROTOTYPES_AT_ONCE = 64
"""Channel-selected faces in memory at a time; each needs 0.05 MB for itself and for each of its shots."""

QUERIES_AT_ONCE = 65536
"""Queries refined at a time; each has a number in memory for every query and class of its episode."""


class CSRNScorer(EpisodeScorer):
    """Scores equal to those of :class:`vidfer.models.heads.csrn.CSRNHead`, but for rounding.

    CSRN's score of a pair of clips does not depend on the episode. So every pair that occurs is compared
    once, and kept for later calls. A channel-selected prototype depends on its shots, so there is one for
    every different set of shots; with two or more shots there are about as many sets as classes in all
    episodes.
    """

    def __init__(self, head: nn.Module, embedding: Embedding, *, transductive: bool = False) -> None:
        """``head``: a :class:`vidfer.models.heads.csrn.CSRNHead` on the device of the ``embedding``."""
        super().__init__(head, embedding, transductive=transductive)
        self.pairs: Tensor | None = None
        """(M, M) scores of query and support, summed over the regions; NaN where not compared yet. Smaller
        than the maps up to some 37,000 clips."""

    def score(
        self, support: np.ndarray, support_labels: Tensor, query: np.ndarray, query_mask: np.ndarray
    ) -> Tensor:
        """As :meth:`vidfer.models.heads.episode_scorer.EpisodeScorer.score`."""
        folded, maps = FoldedRelation(self.head.relation), self.embedding.maps
        ways = int(support_labels.max()) + 1
        episode, _ = np.nonzero(query_mask)
        queried = query[query_mask]  # (A,)
        pairs = self._pair_scores(folded, queried[:, None], support[episode])
        prototypes = None
        if self.head.pairing == "all":
            shots = support.reshape(len(support), ways, -1)
            prototypes = _prototype_scores(folded, maps[:, 0], queried, shots, episode)
        scores = self.head.class_scores(pairs[:, None], prototypes, support_labels)
        if self.transductive:
            refined = self._refined_pairs(folded, query, query_mask, pairs, scores)
            # A class's one refined score takes the place of those of its shots.
            classes = torch.arange(ways, device=refined.device)
            scores = self.head.class_scores(refined[:, None], prototypes, classes)
        return scores

    def _refined_pairs(
        self, folded: FoldedRelation, query: np.ndarray, query_mask: np.ndarray, pairs: Tensor, scores: Tensor
    ) -> Tensor:
        """Mean pair scores (A, N) over shots and the other queries, from those of shots (A, N·K) and from
        class scores (A, N)."""
        shares = torch.zeros(*query_mask.shape, scores.shape[1], device=scores.device)
        # Queries that the mask leaves out have no share in any class.
        shares[torch.from_numpy(query_mask).to(scores.device)] = shares_of_scores(scores)
        of_shots = pairs.unflatten(1, (scores.shape[1], -1))
        parts = []
        for rows in np.array_split(np.argwhere(query_mask), max(1, query_mask.sum() // QUERIES_AT_ONCE)):
            episode, place = rows.T
            of_others = shares[torch.from_numpy(episode).to(scores.device)]  # (A, N·Q, N)
            of_others[torch.arange(len(place)), torch.from_numpy(place)] = 0  # never for itself
            own, others = query[episode, place], query[episode]
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
    folded: FoldedRelation, faces: Tensor, query: np.ndarray, shots: np.ndarray, episode: np.ndarray
) -> Tensor:
    """Scores (A, N) of queries (A,) of episodes (A,) with the channel-selected faces of these episodes.

    ``shots``: (E, N, K) positions of the support clips into ``faces``.
    """
    ways = shots.shape[1]
    sets, which = np.unique(shots.reshape(-1, shots.shape[2]), axis=0, return_inverse=True)  # (P, K), (E·N,)
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
