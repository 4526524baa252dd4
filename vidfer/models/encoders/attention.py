"""The three attentions of Noisy Student FER (Kumar, Rao, Yu 2020): over positions, over regions, over frames.

All have the paper's form a = softmax(w2 tanh(W1 x)). For frames there are also FAN's two forms (Meng et al.
2019). The papers do not give the size of W1; here it is a quarter of the channels. Weights are computed in
float32, under autocast too. Each attention can be switched off: ``mean`` has no parameters and gives equal
weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SpatialAttention(nn.Module):
    """Turns the map of a region into one vector: v = a L, a = softmax(w2 tanh(W1 L^T)) over positions."""

    def __init__(self, channels: int, regions: int = 3, kind: str = "softmax") -> None:
        """``channels`` per region; every region has its own W1 (1x1 grouped convolution) and w2. ``kind``:
        ``softmax`` or ``mean``."""
        super().__init__()
        self.regions, self.kind = regions, kind
        if kind == "mean":
            return
        hidden = max(channels // 4, 4)
        self.hidden = nn.Conv2d(regions * channels, regions * hidden, 1, groups=regions, bias=False)
        self.score = nn.Conv2d(regions * hidden, regions, 1, groups=regions, bias=False)

    def forward(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """(N, R C, H, W) to vectors (N, R, C) and weights (N, R, H W), which sum to one."""
        if self.kind == "mean":
            vectors = maps.flatten(2).mean(-1).unflatten(1, (self.regions, -1))
            return vectors, equal_weights(maps, (self.regions, maps.shape[2] * maps.shape[3]))
        scores = self.score(torch.tanh(self.hidden(maps)))
        weights = scores.flatten(2).float().softmax(-1)
        positions = maps.unflatten(1, (self.regions, -1)).flatten(3)
        return torch.einsum("nrp,nrcp->nrc", weights.to(maps.dtype), positions), weights


class RegionAttention(nn.Module):
    """Turns the vectors of a frame's regions into one: their average, weighted by softmax(w2 tanh(W1 x))."""

    def __init__(self, channels: int, kind: str = "softmax") -> None:
        """``kind``: ``softmax`` or ``mean``."""
        super().__init__()
        self.kind = kind
        if kind == "mean":
            return
        self.hidden = nn.Linear(channels, max(channels // 4, 4))
        self.score = nn.Linear(self.hidden.out_features, 1, bias=False)

    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """(N, R, C) to vectors (N, C) and weights (N, R), which sum to one."""
        if self.kind == "mean":
            return vectors.mean(-2), equal_weights(vectors, (vectors.shape[1],))
        weights = self.score(torch.tanh(self.hidden(vectors))).squeeze(-1).float().softmax(-1)
        return (weights.to(vectors.dtype).unsqueeze(-1) * vectors).sum(-2), weights


class FrameAttention(nn.Module):
    """Turns the vectors of a clip's frames into one; masked frames have no influence.

    ``softmax``: a = softmax(w2 tanh(W1 x)) over the frames with a face. ``mean``: all alike, no parameters.
    ``sigmoid``: FAN's self-attention (Meng et al. 2019), f' = sum alpha_i f_i / sum alpha_i, alpha_i =
    sigmoid(f_i q0 + bias). ``relation``: FAN's self- and relation-attention, beta_i = sigmoid([f_i : f'] q1 +
    bias), f = sum alpha_i beta_i [f_i : f'] / sum alpha_i beta_i, twice as long as a frame's vector. All
    start with equal weights.
    """

    def __init__(self, channels: int, kind: str = "softmax", dropout: float = 0.0) -> None:
        """``dropout``: before the scores alpha and beta, 0.5 in FAN; ``softmax`` and ``mean`` have none."""
        super().__init__()
        self.kind = kind
        self.out_channels = 2 * channels if kind == "relation" else channels
        if kind == "softmax":
            self.score = nn.Sequential(
                nn.Linear(channels, channels // 4), nn.Tanh(), nn.Linear(channels // 4, 1, bias=False)
            )
            nn.init.zeros_(self.score[-1].weight)
        elif kind != "mean":
            self.dropout = nn.Dropout(dropout)
            self.score = nn.Sequential(zero_linear(channels))
        if kind == "relation":
            self.relation = zero_linear(2 * channels)

    def forward(self, vectors: Tensor, frame_mask: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Vectors (B, T, C) and mask (B, T) bool to the clips' vectors (B, C), of ``relation`` (B, 2 C).

        The weights come with them: ``frames`` (B, T) sums to one and is uniform for a clip without any face;
        FAN's ``alpha`` and ``beta`` (B, T), where the kind has them, are each in (0, 1), masked frames at 0.
        """
        of_fan = {}
        if self.kind == "mean":
            strength = torch.ones_like(vectors[..., 0], dtype=torch.float32)
        elif self.kind == "softmax":
            usable = frame_mask | ~frame_mask.any(-1, keepdim=True)  # a softmax over nothing would be NaN
            scores = self.score(vectors).squeeze(-1).float()
            strength = scores.masked_fill(~usable, float("-inf")).softmax(-1)
        else:
            strength = self.score(self.dropout(vectors)).squeeze(-1).float().sigmoid()
            of_fan["alpha"] = strength * frame_mask
        weights = normalised(strength, frame_mask)
        average = frame_average(weights, vectors)
        if self.kind == "relation":
            vectors = torch.cat([vectors, average[:, None].expand_as(vectors)], dim=-1)  # [f_i : f']
            beta = self.relation(self.dropout(vectors)).squeeze(-1).float().sigmoid()
            of_fan["beta"] = beta * frame_mask
            weights = normalised(strength * beta, frame_mask)
            average = frame_average(weights, vectors)
        return average, {"frames": weights, **of_fan}


def equal_weights(like: Tensor, shape: tuple[int, ...]) -> Tensor:
    """(N, *shape) that sums to one over its last axis, N the length of ``like``."""
    return torch.full((len(like), *shape), 1 / shape[-1], device=like.device)


def zero_linear(channels: int) -> nn.Linear:
    """A linear layer to one score, which is zero at the start."""
    layer = nn.Linear(channels, 1)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def normalised(strength: Tensor, frame_mask: Tensor) -> Tensor:
    """(B, T) of 0 or more over their sum, masked frames at zero; uniform for a clip without any face."""
    strength = strength * frame_mask
    # The floor matters only if every sigmoid underflows.
    weights = strength / strength.sum(-1, keepdim=True).clamp_min(torch.finfo(strength.dtype).tiny)
    return torch.where(
        frame_mask.any(-1, keepdim=True), weights, torch.full_like(weights, 1 / weights.shape[-1])
    )


def frame_average(weights: Tensor, values: Tensor) -> Tensor:
    """Weights (B, T) and values (B, T, ...) to the weighted sum over the frames (B, ...)."""
    return (weights.to(values.dtype).reshape(*weights.shape, *[1] * (values.ndim - 2)) * values).sum(1)
