"""CSRN's relation module for long lists of pairs, in evaluation."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vidfer.models.embedding import MAP_CHANNELS
from vidfer.models.heads.relation_module import RelationModule

MAPS_AT_ONCE = 256
"""Maps whose half of the first convolution is computed at a time; 0.1 MB each."""


class FoldedRelation:
    """A relation module with its two batch norms folded into the convolutions before them.

    Where :meth:`RelationModule.forward` takes every query with every support, this takes a list of pairs, so
    that each pair of many episodes is compared once. Scores differ from the module's by rounding.
    """

    def __init__(self, relation: RelationModule) -> None:
        scale, shift = _affine(relation.bn1)
        of_support, of_query = relation.conv1.weight.split(MAP_CHANNELS, dim=1)
        self.query_weight, self.support_weight = of_query * scale, of_support * scale
        self.support_bias = relation.conv1.bias * scale.flatten() + shift
        scale, shift = _affine(relation.bn2)
        self.conv2_weight = (relation.conv2.weight * scale).contiguous(memory_format=torch.channels_last)
        self.conv2_bias = relation.conv2.bias * scale.flatten() + shift
        self.relation = relation
        # On a CPU so many pairs as stay in its cache, which makes it twice as fast.
        self.pairs_at_once = 64 if scale.device.type == "cpu" else 4096

    def query_halves(self, maps: Tensor) -> Tensor:
        """Maps (M, 64, 14, 14) to what they add to the first convolution of any pair, (M, 12, 12, 64)."""
        return self._halves(maps, self.query_weight)

    def support_halves(self, maps: Tensor) -> Tensor:
        """As :meth:`query_halves`, for the other side of a pair."""
        return self._halves(maps, self.support_weight, self.support_bias)

    def _halves(self, maps: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        half = self.relation.half_of_conv1
        parts = [half(part[:, None], weight, bias)[:, 0] for part in maps.split(MAPS_AT_ONCE)]
        return torch.cat(parts).contiguous()

    def score(self, query_halves: Tensor, support_halves: Tensor, query: Tensor, support: Tensor) -> Tensor:
        """Scores (P,) of the pairs of ``query`` (P,) and ``support`` (P,), positions into the halves."""
        step = self.pairs_at_once
        scores = [
            self._score(query_halves[q] + support_halves[s])
            for q, s in zip(query.split(step), support.split(step))
        ]
        return torch.cat(scores)

    def _score(self, pairs: Tensor) -> Tensor:
        maps = F.max_pool2d(pairs.permute(0, 3, 1, 2), 2).relu_()
        maps = F.max_pool2d(F.conv2d(maps, self.conv2_weight, self.conv2_bias), 2).relu_()
        logits = self.relation.fc2(F.relu(self.relation.fc1(maps.flatten(1))))
        return logits.float().sigmoid()[:, 0]


def _affine(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """In evaluation a batch norm is ``scale · x + shift``: (C, 1, 1, 1) and (C,)."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return scale[:, None, None, None], norm.bias - norm.running_mean * scale
