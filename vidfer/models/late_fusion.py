"""Late fusion: several recognisers answer, each with equal weight, as if they were one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import torch
from torch import Tensor, nn

from vidfer.errors import CheckpointError
from vidfer.models.embedding import Embedding
from vidfer.models.heads.base import Head
from vidfer.models.heads.episode_scorer import EpisodeScorer
from vidfer.models.heads.prototype import PrototypeHead
from vidfer.models.recogniser import Recogniser
from vidfer.models.settings import HeadSettings
from vidfer.names import Names, name_key

FLOOR = 1e-12
"""Least spread of scores that says anything."""


class FusedRecogniser(nn.Module):
    """Several recognisers as one, for evaluation.

    They are not trained together, and no weight is fitted: a weight that is chosen on the clips that are
    measured would make the result too good. A classifier's answer is the mean of the log-probabilities of
    all. For the few-shot head see :class:`FusedHead`.
    """

    def __init__(self, members: Sequence[Recogniser]) -> None:
        """Without a classifier unless all of ``members`` have one, of the same classes."""
        super().__init__()
        self.members = nn.ModuleList(members)
        first = members[0].classes
        keys = [sorted(map(name_key, one.classes)) for one in members]
        same = all(one.classifier is not None for one in members) and all(key == keys[0] for key in keys)
        self.classes = first if same else ()
        self.classifier = members[0].classifier if same else None
        self.orders = [[Names(one.classes).place(name) for name in self.classes] for one in members]
        self.head = self._fused([one.head for one in members])
        self.seen = reduce(lambda seen, one: seen.joined(one.seen), members[1:], members[0].seen)

    def prototype_head(self) -> FusedHead:
        """The nearest class mean, for each of them."""
        return self._fused([PrototypeHead() for _ in self.members])

    def _fused(self, heads: Sequence[Head | None]) -> FusedHead | None:
        if None in heads:
            return None
        settings = [one.settings.encoder for one in self.members]
        channels = [one.encoder.vector_channels for one in self.members]
        return FusedHead(heads, channels, [len(encoder.map_regions) for encoder in settings])

    def forward(self, crops: Tensor, frame_mask: Tensor) -> Tensor:
        """Crops and mask to log-probabilities (B, classes), but for a constant of each clip."""
        found = [one(crops, frame_mask).log_softmax(1) for one in self.members]
        return torch.stack([one[:, order] for one, order in zip(found, self.orders)]).mean(0)

    def embed(self, crops: Tensor, frame_mask: Tensor) -> Embedding:
        """The embeddings of all, end to end: vectors by their numbers, maps by their regions.

        Raises:
            CheckpointError: heads compare maps, and these have several sizes.
        """
        parts = [one.embed(crops, frame_mask) for one in self.members]
        sizes = {part.maps.shape[2:] for part in parts}
        maps = parts[0].maps[:, :0]
        if self.head is not None and self.head.compares_maps:
            if len(sizes) > 1:
                found = " and ".join(f"{h}x{w}" for _, h, w in sorted(sizes))
                raise CheckpointError(
                    f"these checkpoints have maps of {found}, which cannot be kept together; name "
                    "checkpoints with maps of one size"
                )
            maps = torch.cat([part.maps for part in parts], dim=1)
        return Embedding(torch.cat([part.vector for part in parts], dim=1), maps)


@dataclass(frozen=True, kw_only=True)
class FusedHeadSettings(HeadSettings):
    """It has no options."""

    name = "of several checkpoints"


class FusedHead(Head):
    """The mean of the standardised scores of several heads.

    Cosines, distances and sums of relations have different ranges, so each head's scores of a query get the
    mean 0 over the classes, and are divided by how much its scores of the support clips themselves vary. A
    head that is sure of a query so counts more than one that is not, and no query is looked at for another.
    """

    Settings = FusedHeadSettings

    def __init__(self, heads: Sequence[Head], channels: Sequence[int], regions: Sequence[int]) -> None:
        """``channels`` and ``regions`` of each head's part of the embedding."""
        super().__init__()
        self.heads = nn.ModuleList(heads)
        self.channels, self.regions = list(channels), list(regions)
        self.compares_maps = any(head.compares_maps for head in heads)
        self.transductive = all(head.transductive for head in heads)

    def forward(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        parts = [*zip(self.heads, self.parts(support), self.parts(query), strict=True)]
        scores = [head(own, support_labels, asked) for head, own, asked in parts]
        of_support = [head(own, support_labels, own)[None] for head, own, _ in parts]
        episode = torch.zeros(len(scores[0]), dtype=torch.int64, device=scores[0].device)
        return mean_of_standardised(scores, of_support, episode)

    def scorer(self, embedding: Embedding, *, transductive: bool = False) -> FusedScorer:
        """Each head scores in its own fast way."""
        parts = [*zip(self.heads, self.parts(embedding), strict=True)]
        alone = [head.scorer(part) for head, part in parts]
        together = [head.scorer(part, transductive=True) for head, part in parts] if transductive else alone
        return FusedScorer(together, alone)

    def parts(self, embedding: Embedding) -> list[Embedding]:
        """What each head looks at."""
        vectors = embedding.vector.split(self.channels, dim=1)
        if not self.compares_maps:
            return [Embedding(vector, embedding.maps) for vector in vectors]
        maps = embedding.maps.split(self.regions, dim=1)
        return [Embedding(*part) for part in zip(vectors, maps, strict=True)]


class FusedScorer:
    """Scores many episodes, see :class:`vidfer.models.heads.episode_scorer.EpisodeScorer`."""

    def __init__(self, scorers: Sequence[EpisodeScorer], of_support: Sequence[EpisodeScorer]) -> None:
        """``of_support``: score the support clips, one by one."""
        self.scorers, self.of_support = scorers, of_support

    def score(
        self, support: np.ndarray, support_labels: Tensor, query: np.ndarray, query_mask: np.ndarray
    ) -> Tensor:
        found = [one.score(support, support_labels, query, query_mask) for one in self.scorers]
        shown = np.ones_like(support, dtype=bool)
        spread = [
            one.score(support, support_labels, support, shown).unflatten(0, support.shape)
            for one in self.of_support
        ]
        episode = torch.from_numpy(np.nonzero(query_mask)[0]).to(found[0].device)
        return mean_of_standardised(found, spread, episode)


def mean_of_standardised(scores: Sequence[Tensor], of_support: Sequence[Tensor], episode: Tensor) -> Tensor:
    """One score from those of several heads: the mean of (s - mean s) / rms(u - mean u).

    Args:
        scores: of each head, s (A, N) of A queries for N classes; the mean is over the classes.
        of_support: of each head, u (E, S, N) of the support clips of each episode. The root of the mean
            square is over all of an episode.
        episode: (A,) number of the episode of each query.

    Returns:
        (A, N). A head that scores all support clips alike counts nothing.
    """
    total = []
    for found, own in zip(scores, of_support, strict=True):
        spread = centred(own).square().mean((1, 2)).sqrt()
        weight = torch.where(spread > FLOOR, 1 / spread.clamp_min(FLOOR), 0.0)
        total.append(centred(found) * weight[episode, None])
    return torch.stack(total).mean(0)


def centred(scores: Tensor) -> Tensor:
    """Scores (..., N) minus their mean over the classes."""
    return scores.float() - scores.float().mean(-1, keepdim=True)
