"""Distillation: beside its labels a network learns what another, frozen encoder sees in the same clips.

The labels of a few classes teach a network to forget all that these classes do not differ in. What the other
encoder sees, the guide, keeps it: a linear layer must tell the guide's features from the network's vector, as
in Romero et al. 2015 (arXiv 1412.6550, equation 3), with a robust loss. Clips without a label take part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from vidfer.data.joined_clips import JoinedClips
from vidfer.models.recogniser import Recogniser


class GuidedClips(Dataset):
    """Clips to train on, labelled or not, each with the features that the guide has of it.

    An item is that of :class:`vidfer.data.dataset.ClipDataset` plus ``guide`` (C,), the features, and
    ``pseudo`` (bool), whether the clip has no label.
    """

    def __init__(self, clips: JoinedClips, features: Tensor, parts: Sequence[int]) -> None:
        """``features`` (M, C) of all clips; ``parts`` are the lengths of their parts, which count alike."""
        self.clips, self.features, self.parts = clips, features, tuple(parts)
        self.cache, self.labels = clips.cache, clips.labels

    def __len__(self) -> int:
        return len(self.clips)

    def set_epoch(self, epoch: int) -> None:
        self.clips.set_epoch(epoch)

    def __getitem__(self, position: int) -> dict[str, Tensor]:
        return self._with_features(position, self.clips[position])

    def __getitems__(self, positions: Sequence[int]) -> list[dict[str, Tensor]]:
        return [self._with_features(*pair) for pair in zip(positions, self.clips.__getitems__(positions))]

    def _with_features(self, position: int, item: dict[str, Tensor]) -> dict[str, Tensor]:
        return item | {"guide": self.features[position], "pseudo": item["label"] < 0}


class GuidedNet(nn.Module):
    """A recogniser with the linear layer that tells the guide's features from its vector.

    Accelerate can add up gradients over processes only if one forward pass of one module does a batch. The
    layer is trained with the recogniser and belongs to no checkpoint.
    """

    def __init__(self, recogniser: Recogniser, channels: int) -> None:
        """``channels``: C, how many features the guide has."""
        super().__init__()
        self.recogniser = recogniser
        self.to_features = nn.Linear(recogniser.encoder.vector_channels, channels)

    def forward(self, crops: Tensor, frame_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, classes), and what the network believes the guide's features to be, (B, C)."""
        vectors = self.recogniser.vectors(crops, frame_mask)
        return self.recogniser.classifier(vectors).float(), self.to_features(vectors).float()


def recogniser_of(net: Recogniser | GuidedNet) -> Recogniser:
    """The network that a checkpoint keeps."""
    return getattr(net, "recogniser", net)


@dataclass(frozen=True)
class FeatureLoss:
    """How far a network is from the features of its guide, times a weight."""

    weight: float
    """How much the mean over the clips of a batch counts beside that of the labels."""
    parts: tuple[int, ...]
    """Numbers in each part of the features; parts count alike, such as points and blendshapes."""

    def __call__(self, found: Tensor, features: Tensor) -> Tensor:
        """The weighted loss of a batch.

        Per number it is Huber's (1964): d^2 / 2 for a difference d within 1, |d| - 1/2 beyond, so that faces
        that the guide misread do not rule.

        Args:
            found: (B, C) from the network.
            features: (B, C) of the guide, standardised.
        """
        each = F.smooth_l1_loss(found, features, reduction="none").mean(0)
        return self.weight * torch.stack([part.mean() for part in each.split(self.parts)]).mean()
