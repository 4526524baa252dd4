"""Exponential moving average of a model's weights."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Ema:
    """Keeps a slow copy of a model, which is usually better than the model itself when data is scarce.

    The decay starts low and rises to its setting, min(decay, (1 + t) / (10 + t)), so that the random first
    weights are soon forgotten. Buffers (the running statistics of batch normalisation) are averaged alike.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.module = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Moves the copy towards the model after an optimiser step."""
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        current = model.state_dict()
        slow, fast = [], []
        for name, value in self.module.state_dict().items():
            if value.is_floating_point():
                slow.append(value)
                fast.append(current[name])
            else:
                value.copy_(current[name])
        torch._foreach_lerp_(slow, fast, 1 - decay)
