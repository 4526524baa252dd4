"""MTCNN's three networks (Zhang et al. 2016, arXiv 1604.02878, figure 2) with facenet-pytorch's weights.

Written out here because importing facenet-pytorch imports all of torchvision and with it the compiler of
torch: two seconds of every worker process.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor


class CascadeNet:
    """What the three have in common: convolutions, each with a PReLU, and pools between them.

    Args:
        name: ``pnet``, ``rnet`` or ``onet``.
        device: where its weights go.
    """

    pools: tuple[int, ...]
    """Side of the pool after each convolution, which moves by two; 0 for none."""

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
        """Dense features of cuts; layer ``number`` follows the trunk."""
        # The weights were trained with columns before rows before channels.
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
