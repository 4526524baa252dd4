"""Scores of many episodes over the same few clips."""

from __future__ import annotations

import numpy as np
import torch

from vidfer.errors import SettingError
from vidfer.evaluate.episodes import Episodes
from vidfer.models.embedding import Embedding
from vidfer.models.heads import HEADS
from vidfer.models.heads.base import Head


def check_transductive(head: Head) -> None:
    """Raise a SettingError unless the queries of an episode can refine the classes of this head."""
    if not head.transductive:
        able = ", ".join(name for name, kind in HEADS.items() if kind.transductive)
        raise SettingError(
            f"the head {head.Settings.name} has no transductive inference; these heads have it: {able}. "
            "Leave out --transductive, or add --head prototype"
        )


class EpisodeScores:
    """Scores of episodes of one set of embedded clips, equal but for rounding to calling the head on each.

    Args:
        head: a few-shot head on ``device``.
        embedding: of all clips.
        device: where to compute.
        transductive: the queries of an episode refine its classes (:mod:`vidfer.models.heads.refine`);
            otherwise each query is scored as if it were alone.

    Raises:
        SettingError: ``transductive`` with a head that has no transductive inference.
    """

    def __init__(
        self,
        head: Head,
        embedding: Embedding,
        device: torch.device | str = "cpu",
        *,
        transductive: bool = False,
    ) -> None:
        if transductive:
            check_transductive(head)
        self.head, self.device, self.transductive = head, device, transductive
        on_device = Embedding(embedding.vector, embedding.maps).to(device)
        self.scorer = head.scorer(on_device, transductive=transductive)

    @torch.inference_mode()
    def score(self, episodes: Episodes, query_mask: np.ndarray) -> np.ndarray:
        """Scores of all episodes; the head must be in evaluation mode.

        Args:
            episodes: to score.
            query_mask: (E, N·Q) bool; a query that is masked out is not shown to the head.

        Returns:
            (E, N·Q, N) float32, NaN where masked out.
        """
        labels = torch.from_numpy(episodes.support_labels).to(self.device)
        scores = np.full((*episodes.query.shape, episodes.classes.shape[1]), np.nan, dtype=np.float32)
        found = self.scorer.score(episodes.support, labels, episodes.query, query_mask)
        scores[query_mask] = found.cpu().numpy()
        return scores
