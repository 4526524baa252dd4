"""Scores of many episodes over the same few clips, with nothing computed twice."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vidfer.models.csrn import CSRNHead, select_channels
from vidfer.models.embedding import Embedding


class EpisodeScores:
    """Scores of episodes drawn from one set of embedded clips, equal to calling the head on each.

    CSRN's score of a pair of clips does not depend on the episode, so a table of all pairs is made once,
    where the episodes would compare more pairs than there are.

    Args:
        head: a few-shot head on ``device``, in evaluation mode.
        embedding: all clips.
        pairs: how many pairs of a query and a support clip all episodes together will compare.
        device: where to compute.
    """

    def __init__(self, head: nn.Module, embedding: Embedding, pairs: int, device: torch.device | str = "cpu"):
        self.head, self.device = head, device
        self.embedding = Embedding(embedding.vector, embedding.maps).to(device)
        self.table = None
        if isinstance(head, CSRNHead) and len(embedding) ** 2 <= pairs:
            with torch.inference_mode():
                self.table = head.pair_scores(self.embedding.maps, self.embedding.maps)  # (M, R, M)

    @torch.inference_mode()
    def score(self, support: Tensor, support_labels: Tensor, query: Tensor) -> Tensor:
        """Positions (S,), labels (S,) 0..N-1, positions (Q,) of an episode to scores (Q, N) on the CPU."""
        support, support_labels = support.to(self.device), support_labels.to(self.device)
        query = query.to(self.device)
        e = self.embedding
        if self.table is None:
            return self.head(e[support], support_labels, e[query]).cpu()
        pair_scores = self.table[query][:, :, support]
        prototype_scores = None
        if self.head.pairing == "all":
            prototypes = select_channels(e.maps[support, 0], support_labels)
            prototype_scores = self.head.prototype_scores(e.maps[query], prototypes)
        return self.head.class_scores(pair_scores, prototype_scores, support_labels).cpu()
