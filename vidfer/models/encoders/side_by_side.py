"""Several encoders side by side: one sees where the face moves, another one sees the skin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from vidfer.crops import REGIONS
from vidfer.models.embedding import Embedding
from vidfer.models.encoders.base import Encoder
from vidfer.models.encoders.side_by_side_settings import SideBySideSettings
from vidfer.models.encoders.standardising import Standardising


class SideBySideEncoder(Encoder):
    """Each encoder sees the same crops in its own size, and their standardised vectors stand end to end.

    Each number gets the spread 1 (:class:`vidfer.models.encoders.standardising.Standardising`) and then a
    weight, so that all encoders count the same, however long their vectors are. The maps, and the attention
    that explains, are those of the last encoder.
    """

    Settings = SideBySideSettings

    def __init__(self, encoders: Mapping[str, Encoder], frozen: Sequence[str] = ()) -> None:
        """``encoders`` by name; those that ``frozen`` names stay as they are in training."""
        super().__init__()
        self.encoders = nn.ModuleDict(encoders)
        self.frozen = tuple(frozen)
        for name in self.frozen:
            self.encoders[name].requires_grad_(False)
        seen = {region for one in encoders.values() for region in one.regions}
        self.regions = tuple(region for region in REGIONS if region in seen)
        self.vector_channels = sum(one.vector_channels for one in encoders.values())
        # The mean square of all numbers is one, and its sum over each encoder is the same.
        weights = (self.vector_channels / (len(encoders) * self.part_sizes())).sqrt()
        self.standardising = nn.ModuleDict(
            {name: Standardising(of_one) for name, of_one in zip(encoders, weights.split(self.vector_parts))}
        )

    def train(self, mode: bool = True) -> SideBySideEncoder:
        super().train(mode)
        for name in self.frozen:
            self.encoders[name].eval()
        return self

    @property
    def vector_parts(self) -> tuple[int, ...]:
        return tuple(one.vector_channels for one in self.encoders.values())

    def part_sizes(self) -> Tensor:
        """All encoders weigh the same, and within one all its parts."""
        return torch.cat([one.part_sizes() * len(one.vector_parts) for one in self.encoders.values()])

    @property
    def singles(self) -> tuple[Encoder, ...]:
        return tuple(self.encoders.values())

    def frozen_modules(self) -> set[nn.Module]:
        return {module for name in self.frozen for module in self.encoders[name].modules()}

    def joined(self, vectors: Sequence[Tensor], has_face: Tensor) -> Tensor:
        found = zip(self.standardising.values(), vectors, strict=True)
        return torch.cat([standardise(one, has_face) for standardise, one in found], dim=1)

    def forward(self, crops: Tensor, frame_mask: Tensor) -> Embedding:
        """The embedding of clips; see :class:`vidfer.models.encoders.base.Encoder`."""
        *others, last = self.singles
        vectors = [one.vectors(self._seen_by(one, crops), frame_mask) for one in others]
        embedding = last(self._seen_by(last, crops), frame_mask)
        vector = self.joined([*vectors, embedding.vector], frame_mask.any(1))
        return replace(embedding, vector=vector)

    def vectors(self, crops: Tensor, frame_mask: Tensor) -> Tensor:
        vectors = [one.vectors(self._seen_by(one, crops), frame_mask) for one in self.singles]
        return self.joined(vectors, frame_mask.any(1))

    def _seen_by(self, one: Encoder, crops: Tensor) -> Tensor:
        """The crops as an encoder takes them: all regions, or its own out of those that all see together."""
        if crops.shape[-4] != len(self.regions) or len(self.regions) == len(REGIONS):
            return crops
        return crops[..., [self.regions.index(region) for region in one.regions], :, :, :]
