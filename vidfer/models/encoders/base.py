"""What an encoder is: crops of a clip's face, eyes and mouth become one embedding."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from vidfer.models.embedding import Embedding
from vidfer.models.encoders.image_network import ImageNetwork
from vidfer.models.pretrained.load_weights import load_image_network
from vidfer.models.settings import EncoderSettings


class Encoder(nn.Module):
    """An encoder: it sees crops, of which it takes the regions and the size that it needs.

    An encoder sets ``Settings``, whose fields are the arguments of its constructor; it sets ``regions`` and
    ``vector_channels``, and it writes ``forward``. It also scales and normalises the crops.
    """

    Settings: ClassVar[type[EncoderSettings]]
    """The frozen dataclass of its options."""

    regions: tuple[str, ...]
    """Regions that it looks at; ``maps`` of the embedding has one entry for each."""

    vector_channels: int
    """Length of ``vector`` of the embedding."""

    @property
    def vector_parts(self) -> tuple[int, ...]:
        """How many numbers each part of ``vector`` has; standardised, all parts weigh the same."""
        return (self.vector_channels,)

    def part_sizes(self) -> Tensor:
        """(C,) of each number of ``vector``, how many numbers share the weight of one part."""
        return torch.cat([torch.full((part,), float(part)) for part in self.vector_parts])

    @property
    def singles(self) -> tuple[Encoder, ...]:
        """The encoders that stand side by side in this one, or this one itself."""
        return (self,)

    def frozen_modules(self) -> set[nn.Module]:
        """Modules that no training changes, not even their running statistics."""
        return set()

    def joined(self, vectors: Sequence[Tensor], has_face: Tensor) -> Tensor:
        """``vector`` (B, C) from the vectors that each of :attr:`singles` gives.

        ``has_face`` (B,): a clip without any face keeps a zero vector.
        """
        return vectors[0]

    @abstractmethod
    def forward(self, crops: Tensor, frame_mask: Tensor) -> Embedding:
        """The embedding of clips.

        Args:
            crops: (B, T, 3, 3, H, W) RGB, uint8, or float in [0, 1]. It holds all three regions, of which the
                encoder looks at its own, or those alone: (B, T, R, 3, H, W).
            frame_mask: (B, T) bool, False where there is no face; such frames have no influence. A clip
                without any face gives a zero vector.
        """

    def vectors(self, crops: Tensor, frame_mask: Tensor) -> Tensor:
        """``vector`` of the embedding (B, C) alone, which is all that a classifier needs.

        An encoder whose vector does not come from its maps writes this anew, without them.
        """
        return self(crops, frame_mask).vector

    def image_network(self) -> ImageNetwork | None:
        """The network of single images that published weights may fit, or None."""
        return None

    def load_published(self, path: Path) -> None:
        """Take the published weights of a file, in place: by default into :meth:`image_network`.

        An encoder whose published weights have a format of their own reads it here.

        Raises:
            SettingError: there are no published weights of this encoder.
            CheckpointError: the file is missing, cannot be read, or does not fit.
        """
        load_image_network(self, path)
