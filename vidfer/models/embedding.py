"""What every encoder gives and every few-shot head takes."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

MAP_CHANNELS = 64
"""Channels of the maps."""

MAP_PX = 14
"""Side of the maps that relation heads compare (CSRN)."""


@dataclass(frozen=True)
class Embedding:
    """Clips as seen by an encoder. Letters as everywhere: B clips, T frames, R regions."""

    vector: Tensor
    """(B, C) clip embedding after frame attention, C the encoder's ``vector_channels``; 512 by default."""
    maps: Tensor
    """(B, R, 64, 14, 14) frame-attended feature maps of each region that the encoder looks at, which relation
    heads compare; (B, R, 64, 4, 4) of conv4 with four poolings."""
    attention: dict[str, Tensor] = field(default_factory=dict)
    """Weights for explaining, each summing to one over its last axis: ``frames`` (B, T), ``regions`` (B, T,
    R), and ``spatial1`` ... ``spatial4`` (B, T, R, positions) where the encoder has them. FAN's ``alpha`` and
    ``beta`` (B, T), where it has them, are each in (0, 1) and 0 for frames without a face."""

    def __len__(self) -> int:
        return self.vector.shape[0]

    def __getitem__(self, clips) -> Embedding:
        """The embedding of some clips: an integer tensor (M,), a boolean mask (B,) or a slice."""
        return Embedding(
            self.vector[clips], self.maps[clips], {name: w[clips] for name, w in self.attention.items()}
        )

    def to(self, device: torch.device | str) -> Embedding:
        return Embedding(
            self.vector.to(device), self.maps.to(device), {n: w.to(device) for n, w in self.attention.items()}
        )

    def detach(self) -> Embedding:
        return Embedding(
            self.vector.detach(), self.maps.detach(), {n: w.detach() for n, w in self.attention.items()}
        )

    @staticmethod
    def cat(parts: list[Embedding]) -> Embedding:
        """Clips of several batches in one embedding; the batches must have the same T."""
        names = parts[0].attention
        return Embedding(
            torch.cat([p.vector for p in parts]),
            torch.cat([p.maps for p in parts]),
            {name: torch.cat([p.attention[name] for p in parts]) for name in names},
        )
