"""The relation module (Sung et al. 2018; Kim et al., ICCE 2024): scores of pairs of maps."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vidfer.models.embedding import MAP_CHANNELS, MAP_PX
from vidfer.models.frames import resize_images

PAIRS_AT_ONCE = 2048
"""Pairs of a region that are compared at a time without gradients; each needs 0.1 MB."""

INITIAL_SCORE = 1 / 4
"""Scores start here: the share of pairs of the same class in an episode of four classes."""


class RelationModule(nn.Module):
    """The published 113,041-parameter network that scores how alike two maps of 64x14x14 are.

    Maps of another size are brought to 14x14. With ``any_size`` they are not: the convolutions are padded and
    the second pooling is over the whole map (111,505 parameters).
    """

    def __init__(self, *, any_size: bool = False) -> None:
        super().__init__()
        self.any_size = any_size
        padding = int(any_size)
        self.conv1 = nn.Conv2d(2 * MAP_CHANNELS, MAP_CHANNELS, 3, padding=padding)
        self.bn1 = nn.BatchNorm2d(MAP_CHANNELS)
        self.conv2 = nn.Conv2d(MAP_CHANNELS, MAP_CHANNELS, 3, padding=padding)
        self.bn2 = nn.BatchNorm2d(MAP_CHANNELS)
        self.fc1 = nn.Linear(MAP_CHANNELS if any_size else MAP_CHANNELS * 2 * 2, 8)
        self.fc2 = nn.Linear(8, 1)
        if any_size:  # the published one starts as published
            self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Let the last two layers start where they can learn.

        Behind a pooling over the whole map, the 64 inputs of ``fc1`` are all positive and much alike. With
        the usual random weights, a unit is above zero for few pairs or for none, and a gradient moves all its
        weights the same way. Within some ten episodes most units are below zero for every pair, and there
        ReLU has no gradient that could bring them back: CRN stayed at chance for 600 episodes.

        Here the weights of a unit sum to zero and its bias is one, so that nearly every pair is above zero.
        Scores start at :data:`INITIAL_SCORE`, so that the errors of an episode sum to zero and nothing pushes
        a unit as a whole.
        """
        self.fc1.weight -= self.fc1.weight.mean(1, keepdim=True)
        nn.init.ones_(self.fc1.bias)
        self.fc2.bias.fill_(math.log(INITIAL_SCORE / (1 - INITIAL_SCORE)) - self.fc2.weight.sum())

    def forward(self, query: Tensor, support: Tensor) -> Tensor:
        """Maps (Q, R, 64, H, W) and (S, R, 64, H, W) to scores (Q, R, S) of all pairs within a region.

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

    def half_of_conv1(self, maps: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Maps (M, R, 64, H, W) to (M, R, 12, 12, 64), with ``any_size`` to (M, R, H, W, 64): channels last,
        faster on a CPU."""
        images = resize_images(maps.flatten(0, 1), None if self.any_size else MAP_PX)
        images = images.contiguous(memory_format=torch.channels_last)
        halves = F.conv2d(images, weight, bias, padding=self.conv1.padding)
        return halves.permute(0, 2, 3, 1).unflatten(0, maps.shape[:2])

    def score_pairs(self, query: Tensor, support: Tensor) -> Tensor:
        """Halves of the first convolution, (Q, R, H, W, 64) and (R, S, H, W, 64), to scores (Q, R, S)."""
        pairs = query[:, :, None] + support
        maps = pairs.flatten(0, 2).permute(0, 3, 1, 2)
        # ReLU and max-pooling commute; pooling first leaves ReLU a quarter of the work.
        maps = F.relu(F.max_pool2d(self.bn1(maps), 2))
        maps = self.bn2(self.conv2(maps))
        maps = F.relu(F.adaptive_max_pool2d(maps, 1) if self.any_size else F.max_pool2d(maps, 2))
        logits = self.fc2(F.relu(self.fc1(maps.flatten(1))))
        return logits.float().sigmoid().view(pairs.shape[:3])
