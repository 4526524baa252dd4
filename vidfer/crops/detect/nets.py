"""MTCNN's three networks (Zhang et al. 2016, arXiv 1604.02878, figure 2) with facenet-pytorch's weights.

They are written out here because facenet-pytorch imports all of torchvision, and with it the compiler of
torch: two seconds in every worker process.

On a CPU, what a network says of an image does not depend on the images beside it, to the last bit. So a cache
has the same content however clips are grouped. torch alone does not promise this: it calculates a single
image, few rows and rows at odd addresses in another order.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from vidfer.crops.detect.max_pool import max_pool

LEAST_ROWS = 4
"""Products of matrices with fewer rows are calculated in another order."""
FEW_CHANNELS = 16
"""Fewer channels than a processor calculates at once."""
OUTPUTS = 16
"""Columns of the last product; those behind the outputs are zero. Its rows are then 64 bytes, the alignment
that keeps the order of calculation."""


class CascadeNet:
    """The common part of the three: convolutions, each followed by a PReLU, with max pooling between them.

    Args:
        name: ``pnet``, ``rnet`` or ``onet``.
        device: where the weights are.
    """

    pools: tuple[int, ...]
    """Side of the pooling window after each convolution, with stride two; 0 for no pooling."""
    outputs: tuple[str, ...]
    """The layers that give the result: two scores (no face, face), four offsets of the box, and landmarks."""

    def __init__(self, name: str, device: torch.device) -> None:
        file = Path(find_spec("facenet_pytorch").origin).parent / "data" / f"{name}.pt"
        weights = torch.load(file, map_location=device, weights_only=True)
        # In channels-last order the networks run up to three times faster on a CPU.
        self.weights = {
            name: tensor.clone(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor.clone()
            for name, tensor in weights.items()
        }
        self._has_onednn = device.type == "cpu" and torch.backends.mkldnn.is_available()
        matrix = torch.cat([weights[f"{layer}.weight"].flatten(1) for layer in self.outputs])
        bias = torch.cat([weights[f"{layer}.bias"] for layer in self.outputs])
        self.last_weight = matrix.new_zeros((OUTPUTS, matrix.shape[1]))
        self.last_bias = bias.new_zeros(OUTPUTS)
        self.last_weight[: len(matrix)], self.last_bias[: len(bias)] = matrix, bias

    def trunk(self, images: Tensor) -> Tensor:
        """Features (n,c,h,w) of images (n,3,h,w)."""
        features = images
        for i, pool in enumerate(self.pools, start=1):
            features = _prelu(self.convolve(features, f"conv{i}"), self.weights[f"prelu{i}.weight"])
            if pool:
                features = max_pool(features, pool)
        return features

    def convolve(self, features: Tensor, layer: str) -> Tensor:
        weight, bias = self.weights[f"{layer}.weight"], self.weights[f"{layer}.bias"]
        if not self._has_onednn:
            return torch.conv2d(features, weight, bias)
        # torch.conv2d would use other code for a single small image.
        return torch.mkldnn_convolution(features, weight, bias, (0, 0), (1, 1), (1, 1), 1)

    def result(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The log-odds of a face (n,), the offsets of the box (n,4) and what follows them, from features
        (n,c)."""
        values = product(features, self.last_weight, self.last_bias)
        return values[:, 1] - values[:, 0], values[:, 2:6], values[:, 6:]

    def describe(self, images: Tensor, number: int) -> Tensor:
        """Dense features (n,c) of cuts (n,3,h,w); layer ``number`` follows the trunk."""
        # The weights expect columns before rows before channels.
        flat = self.trunk(images).permute(0, 3, 2, 1).flatten(1)
        layer = f"dense{number}"
        dense = product(flat, self.weights[f"{layer}.weight"], self.weights[f"{layer}.bias"])
        return torch.prelu(dense, self.weights[f"prelu{number}.weight"])


class PNet(CascadeNet):
    """Proposals: the log-odds of a face (n,h,w) and box offsets (n,h,w,4), for every second pixel."""

    pools = (2, 0, 0)
    outputs = ("conv4_1", "conv4_2")

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(images).permute(0, 2, 3, 1)
        log_odds, offsets, _ = self.result(features.flatten(0, 2))
        return log_odds.view(features.shape[:3]), offsets.view(*features.shape[:3], 4)


class RNet(CascadeNet):
    """Refinement: the log-odds of a face (n,) and box offsets (n,4) of cuts of 24 pixels."""

    pools = (3, 3, 0)
    outputs = ("dense5_1", "dense5_2")

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return self.result(self.describe(images, 4))[:2]


class ONet(CascadeNet):
    """Output: the log-odds of a face (n,), box offsets (n,4) and landmarks (n,10) of cuts of 48 pixels."""

    pools = (3, 3, 2, 0)
    outputs = ("dense6_1", "dense6_2", "dense6_3")

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.result(self.describe(images, 5))


def _prelu(features: Tensor, slopes: Tensor) -> Tensor:
    """PReLU (He et al. 2015, arXiv 1502.01852) of features (n,c,h,w) with slopes (c,) below zero."""
    n, c, h, w = features.shape
    if features.device.type != "cpu" or c >= FEW_CHANNELS:
        return torch.prelu(features, slopes)
    # torch takes ten times as long with so few values in a row: take those of all columns together.
    rows = features.permute(0, 2, 3, 1).reshape(n * h, w * c)
    return torch.prelu(rows, slopes.repeat(w)).view(n, h, w, c).permute(0, 3, 1, 2)


def product(rows: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A dense layer (n,d) of rows (n,c), with weights (d,c) and a bias (d,)."""
    missing = LEAST_ROWS - len(rows)
    whole = torch.cat([rows, rows.new_zeros((missing, rows.shape[1]))]) if missing > 0 else rows
    return torch.addmm(bias, whole, weight.T)[: len(rows)]


def probability(log_odds: Tensor) -> Tensor:
    """The score 0..1 of a face, from its log-odds; in double precision, where the last bit may depend on the
    place in the tensor, so that it does not in single precision."""
    return log_odds.double().sigmoid().float()
