"""The three attentions of Noisy Student FER (Kumar, Rao, Yu 2020): over positions, over regions, over frames.

All have the paper's form a = softmax(w2 tanh(W1 x)); FAN's sigmoid (Meng et al. 2019) is a choice for frames.
The papers do not give the size of W1: a quarter of the channels here. Weights are computed in float32 under
autocast as well.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SpatialAttention(nn.Module):
    """One vector per region from a stage's map: v = a L, a = softmax(w2 tanh(W1 L^T)) over positions."""

    def __init__(self, channels: int, regions: int = 3) -> None:
        """``channels`` per region; every region has its own W1 (1x1 grouped convolution) and w2."""
        super().__init__()
        hidden = max(channels // 4, 4)
        self.regions = regions
        self.hidden = nn.Conv2d(regions * channels, regions * hidden, 1, groups=regions, bias=False)
        self.score = nn.Conv2d(regions * hidden, regions, 1, groups=regions, bias=False)

    def forward(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """(N, R C, H, W) to vectors (N, R, C) and weights (N, R, H W), which sum to one."""
        scores = self.score(torch.tanh(self.hidden(maps)))
        weights = scores.flatten(2).float().softmax(-1)
        positions = maps.unflatten(1, (self.regions, -1)).flatten(3)
        return torch.einsum("nrp,nrcp->nrc", weights.to(maps.dtype), positions), weights


class RegionAttention(nn.Module):
    """One vector per frame from one per region: their average weighted by softmax(w2 tanh(W1 x))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(channels, max(channels // 4, 4))
        self.score = nn.Linear(self.hidden.out_features, 1, bias=False)

    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """(N, R, C) to vectors (N, C) and weights (N, R), which sum to one."""
        weights = self.score(torch.tanh(self.hidden(vectors))).squeeze(-1).float().softmax(-1)
        return (weights.to(vectors.dtype).unsqueeze(-1) * vectors).sum(-2), weights


class FrameAttention(nn.Module):
    """Weights of a clip's frames, masked frames at zero.

    softmax: a = softmax(w2 tanh(W1 x)) over the frames with a face. sigmoid: FAN's self-attention,
    a_i = alpha_i / sum alpha, alpha_i = sigmoid(f_i q0 + bias) (FAN, equations 2 and 3). Both start with
    equal weights.
    """

    def __init__(self, channels: int, kind: str = "softmax") -> None:
        super().__init__()
        self.kind = kind
        if kind == "softmax":
            self.score = nn.Sequential(
                nn.Linear(channels, channels // 4), nn.Tanh(), nn.Linear(channels // 4, 1, bias=False)
            )
        else:
            self.score = nn.Sequential(nn.Linear(channels, 1))
            nn.init.zeros_(self.score[-1].bias)
        nn.init.zeros_(self.score[-1].weight)

    def forward(self, vectors: Tensor, frame_mask: Tensor) -> Tensor:
        """(B, T, C) and (B, T) bool to weights (B, T), which sum to one; uniform for a clip with no face."""
        scores = self.score(vectors).squeeze(-1).float()
        has_face = frame_mask.any(-1, keepdim=True)
        usable = frame_mask | ~has_face
        if self.kind == "softmax":
            weights = scores.masked_fill(~usable, float("-inf")).softmax(-1)
        else:
            alpha = scores.sigmoid() * usable
            # The floor only acts where every sigmoid underflows.
            weights = alpha / alpha.sum(-1, keepdim=True).clamp_min(torch.finfo(alpha.dtype).tiny)
        return torch.where(has_face, weights, torch.full_like(weights, 1 / weights.shape[-1]))
