"""What a network of single images has, so that published weights can fill it."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

from torch import Tensor, nn

from vidfer.models.pretrained.read_weights import read_weights


class ImageNetwork(nn.Module):
    """A network of images whose tensors have the names of a published one."""

    name: str
    """Of the published network, for messages."""

    remedy: str
    """Which weights to give, for messages."""

    groups: int = 1
    """How often it holds the published network side by side."""

    @abstractmethod
    def published_names(self) -> set[str]:
        """Names of all tensors that a file of its weights must hold; a classifier's are not among them."""

    def published_name(self, name: str) -> str:
        """The published name of one of this module's tensors, but for some dots that may be _."""
        return name

    def renamed(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """Published weights under the names that :meth:`published_names` gives; here they have them."""
        return weights

    def published_weights(self, path: Path) -> dict[str, Tensor]:
        """What a file of published weights holds, under the names that :meth:`published_names` gives.

        Raises:
            CheckpointError: the file is missing or cannot be read safely.
        """
        return self.renamed(read_weights(path, self.remedy))
