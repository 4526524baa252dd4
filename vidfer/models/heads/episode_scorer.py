"""Scores of many episodes over the same embedded clips, one episode after the other."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from vidfer.models.embedding import Embedding


class EpisodeScorer:
    """Calls a head on each episode. A head with a faster way has a scorer of its own with the same method."""

    def __init__(self, head: nn.Module, embedding: Embedding, *, transductive: bool = False) -> None:
        """``head``: a :class:`vidfer.models.heads.base.Head` on the device of the ``embedding``."""
        self.head, self.embedding, self.transductive = head, embedding, transductive

    def score(
        self, support: np.ndarray, support_labels: Tensor, query: np.ndarray, query_mask: np.ndarray
    ) -> Tensor:
        """Scores of all queries of all episodes. The head must be in evaluation mode.

        Args:
            support: (E, N·K) positions into the embedding, ordered by class.
            support_labels: (N·K,) 0 .. N-1, the same in every episode.
            query: (E, N·Q) positions into the embedding.
            query_mask: (E, N·Q) bool; a query that is masked out is not shown to the head.

        Returns:
            (A, N) float32, for the A queries of the mask in its order.
        """
        device = self.embedding.vector.device
        score = self.head.transductive_scores if self.transductive else self.head
        scores = [
            score(
                self.embedding[torch.from_numpy(support[i]).to(device)],
                support_labels,
                self.embedding[torch.from_numpy(query[i, query_mask[i]]).to(device)],
            ).float()
            for i in np.flatnonzero(query_mask.any(1))
        ]
        ways = int(support_labels.max()) + 1
        return torch.cat(scores) if scores else torch.empty(0, ways, device=device)
