"""MTCNN's three networks (Zhang et al. 2016, arXiv 1604.02878, figure 2) with facenet-pytorch's weights.

They are written out here because facenet-pytorch imports all of torchvision, and with it the compiler of
torch: two seconds in every worker process.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor


class CascadeNet:
    """The common part of the three: convolutions, each followed by a PReLU, with max pooling between them.

    Args:
        name: ``pnet``, ``rnet`` or ``onet``.
        device: where the weights are.
    """

    pools: tuple[int, ...]
    """Side of the pooling window after each convolution, with stride two; 0 for no pooling."""

    def __init__(self, name: str, device: torch.device) -> None:
        file = Path(find_spec("facenet_pytorch").origin).parent / "data" / f"{name}.pt"
        weights = torch.load(file, map_location=device, weights_only=True)
        # In channels-last order the networks run up to three times faster on a CPU.
        self.weights = {
            name: tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor
            for name, tensor in weights.items()
        }

    def trunk(self, images: Tensor) -> Tensor:
        """Features (n,c,h,w) of images (n,3,h,w)."""
        features = images
        for i, pool in enumerate(self.pools, start=1):
            features = torch.prelu(self.convolve(features, f"conv{i}"), self.weights[f"prelu{i}.weight"])
            if pool:
                features = torch.max_pool2d(features, pool, 2, ceil_mode=True)
        return features

    def convolve(self, features: Tensor, layer: str) -> Tensor:
        return torch.conv2d(features, self.weights[f"{layer}.weight"], self.weights[f"{layer}.bias"])

    def dense(self, features: Tensor, layer: str) -> Tensor:
        return torch.addmm(self.weights[f"{layer}.bias"], features, self.weights[f"{layer}.weight"].T)

    def describe(self, images: Tensor, number: int) -> Tensor:
        """Dense features (n,c) of cuts (n,3,h,w); layer ``number`` follows the trunk."""
        # The weights expect columns before rows before channels.
        flat = self.trunk(images).permute(0, 3, 2, 1).flatten(1)
        return torch.prelu(self.dense(flat, f"dense{number}"), self.weights[f"prelu{number}.weight"])


class PNet(CascadeNet):
    """Proposals: box offsets (n,4,h,w) and the probability of a face (n,h,w), for every second pixel."""

    pools = (2, 0, 0)

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(images)
        probability = self.convolve(features, "conv4_1").softmax(dim=1)[:, 1]
        return self.convolve(features, "conv4_2"), probability


class RNet(CascadeNet):
    """Refinement: box offsets (n,4) and the probability of a face (n,) of cuts of 24 pixels."""

    pools = (3, 3, 0)

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.describe(images, 4)
        return self.dense(features, "dense5_2"), self.dense(features, "dense5_1").softmax(dim=1)[:, 1]


class ONet(CascadeNet):
    """Output: box offsets (n,4), landmarks (n,10) and the probability of a face (n,) of cuts of 48 pixels."""

    pools = (3, 3, 2, 0)

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.describe(images, 5)
        probability = self.dense(features, "dense6_1").softmax(dim=1)[:, 1]
        return self.dense(features, "dense6_2"), self.dense(features, "dense6_3"), probability
