"""CSRN's relation head (Kim et al., ICCE 2024; AAAI-24 student abstract): learned similarity of maps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vidfer.models.embedding import Embedding
from vidfer.models.encoder import MAP_CHANNELS
from vidfer.models.shots import class_means, shots_by_class

PAIRS_AT_ONCE = 2048
"""Without gradients, so many pairs of a region are compared at a time, 0.1 MB each, to bound memory."""

ROUNDING = 1e-5
"""Distances between spatial means that differ by less than this part of the means count as equal."""


@dataclass(frozen=True)
class Relations:
    """What CSRN computes from an episode; its loss takes the scores, each in (0, 1)."""

    pair_scores: Tensor
    """(Q, R, S) of every query with every support, per region."""
    prototype_scores: Tensor
    """(Q, N) of every query's face with every class's channel-selected face."""
    prototypes: Tensor
    """(N, 64, 14, 14) the channel-selected faces."""


def select_channels(maps: Tensor, support_labels: Tensor) -> Tensor:
    """CSRN's channel selection: each channel of a prototype comes from the shot nearest to the class mean.

    s* = argmin_s |g(DAP_c) - g(F_(s,c))|, prototype channel c is F_(s*,c); g is the spatial mean, DAP the
    mean over shots, so g(DAP) is the mean of g. Of equally near shots the one with the largest g is taken:
    two shots are always equally near, and neither rounding nor their order shall choose.

    Args:
        maps: (S, C, H, W) of the support.
        support_labels: (S,) 0 .. N-1.

    Returns:
        (N, C, H, W).
    """
    positions, is_shot = shots_by_class(support_labels)
    means = maps.mean((-2, -1))[positions]  # g(F) by class and shot: (N, K, C)
    class_mean = (means * is_shot[..., None]).sum(1, keepdim=True) / is_shot.sum(1)[:, None, None]  # g(DAP)
    distance = (class_mean - means).abs().masked_fill(~is_shot[..., None], float("inf"))
    near = distance - distance.amin(1, keepdim=True) <= ROUNDING * class_mean.abs()
    nearest = means.masked_fill(~near, float("-inf")).argmax(1)  # (N, C)
    return maps[positions.gather(1, nearest), torch.arange(maps.shape[1], device=maps.device)]


class RelationModule(nn.Module):
    """The published 113,041-parameter network that scores how alike two maps of 64x14x14 are."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2 * MAP_CHANNELS, MAP_CHANNELS, 3)
        self.bn1 = nn.BatchNorm2d(MAP_CHANNELS)
        self.conv2 = nn.Conv2d(MAP_CHANNELS, MAP_CHANNELS, 3)
        self.bn2 = nn.BatchNorm2d(MAP_CHANNELS)
        self.fc1 = nn.Linear(MAP_CHANNELS * 2 * 2, 8)
        self.fc2 = nn.Linear(8, 1)

    def forward(self, query: Tensor, support: Tensor) -> Tensor:
        """Maps (Q, R, 64, 14, 14) and (S, R, 64, 14, 14) to scores (Q, R, S) of all pairs within a region.

        The first convolution of a concatenated pair is the sum of one convolution of each part, so it is done
        once per map and not once per pair.
        """
        of_support, of_query = self.conv1.weight.split(MAP_CHANNELS, dim=1)
        support = self.half_of_conv1(support, of_support, self.conv1.bias)
        support = support.transpose(0, 1)  # (R, S, 12, 12, 64)
        query = self.half_of_conv1(query, of_query)  # (Q, R, 12, 12, 64)
        if torch.is_grad_enabled() or self.training:
            return self.score_pairs(query, support)
        queries_at_once = max(1, PAIRS_AT_ONCE // (support.shape[0] * support.shape[1]))
        return torch.cat([self.score_pairs(part, support) for part in query.split(queries_at_once)])

    @staticmethod
    def half_of_conv1(maps: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Maps (M, R, 64, 14, 14) to (M, R, 12, 12, 64): channels last, faster on a CPU."""
        images = maps.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        return F.conv2d(images, weight, bias).permute(0, 2, 3, 1).unflatten(0, maps.shape[:2])

    def score_pairs(self, query: Tensor, support: Tensor) -> Tensor:
        """Halves of the first convolution, (Q, R, 12, 12, 64) and (R, S, 12, 12, 64), to scores (Q, R, S)."""
        pairs = query[:, :, None] + support
        maps = pairs.flatten(0, 2).permute(0, 3, 1, 2)
        # ReLU and max-pooling commute; pooling first leaves ReLU a quarter of the work.
        maps = F.relu(F.max_pool2d(self.bn1(maps), 2))
        maps = F.relu(F.max_pool2d(self.bn2(self.conv2(maps)), 2))
        logits = self.fc2(F.relu(self.fc1(maps.flatten(1))))
        return logits.float().sigmoid().view(pairs.shape[:3])


class CSRNHead(nn.Module):
    """Scores of classes; one relation module serves face, eyes and mouth, as in the released checkpoints."""

    def __init__(self, prototype_weight: float = 0.7, pairing: str = "all") -> None:
        """``pairing``: ``all`` counts every class's prototype against every query, as the paper describes;
        ``published`` leaves the prototypes out of :meth:`forward`, where the released code adds the same
        constant to every class."""
        super().__init__()
        self.relation = RelationModule()
        self.prototype_weight = prototype_weight
        self.pairing = pairing

    def pair_scores(self, query_maps: Tensor, support_maps: Tensor) -> Tensor:
        """Maps (Q, R, 64, 14, 14) and (S, R, 64, 14, 14) to scores (Q, R, S).

        A pair's score does not depend on the episode: to evaluate many episodes over the same clips, compute
        all pairs once and pick from the table.
        """
        return self.relation(query_maps, support_maps)

    def prototype_scores(self, query_maps: Tensor, prototypes: Tensor) -> Tensor:
        """Maps (Q, R, 64, 14, 14) and channel-selected faces (N, 64, 14, 14) to scores (Q, N)."""
        return self.relation(query_maps[:, :1], prototypes[:, None]).squeeze(1)

    def class_scores(
        self, pair_scores: Tensor, prototype_scores: Tensor | None, support_labels: Tensor
    ) -> Tensor:
        """Scores of pairs (Q, R, S) and prototypes (Q, N) to scores of classes (Q, N).

        The published sum over a class's shots of (face + eyes + mouth + 0.7 prototype). With unequal shots a
        class's mean takes the place of its sum, times the average number of shots, so that more shots are no
        advantage. ``published`` pairing does not use ``prototype_scores``, and takes None.
        """
        of_pairs = pair_scores.sum(1)  # over regions: (Q, S)
        scores = class_means(of_pairs.T, support_labels).T  # (Q, N)
        if self.pairing == "all":
            scores = scores + self.prototype_weight * prototype_scores
        return scores * (len(support_labels) / scores.shape[1])

    def relations(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Relations:
        """All scores of an episode; ``support_labels`` (S,) 0 .. N-1 in any order, any number of shots."""
        prototypes = select_channels(support.maps[:, 0], support_labels)
        return Relations(
            pair_scores=self.pair_scores(query.maps, support.maps),
            prototype_scores=self.prototype_scores(query.maps, prototypes),
            prototypes=prototypes,
        )

    def forward(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Scores (Q, N), higher is more alike."""
        relations = self.relations(support, support_labels, query)
        return self.class_scores(relations.pair_scores, relations.prototype_scores, support_labels)
