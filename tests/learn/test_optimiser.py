"""Optimisers and their schedule."""

import pytest
import torch
from torch import nn

from vidfer.learn.optimiser import build_optimiser, warmup_cosine
from vidfer.learn.settings import OptimiserSettings


def test_the_rate_rises_to_its_setting_and_falls_to_nothing():
    rates = [warmup_cosine(step, 4, 12) for step in range(13)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rates[8] == pytest.approx(0.5) and rates[12] == pytest.approx(0.0)
    assert warmup_cosine(99, 4, 12) == 0


@pytest.mark.parametrize(
    ("name", "kind"), [("adamw", torch.optim.AdamW), ("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)]
)
def test_decay_is_on_matrices_of_trainable_parameters_only(name, kind):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 2))
    model[2].requires_grad_(False)
    settings = OptimiserSettings(name=name, lr=0.1, weight_decay=0.3, warmup=0.5)
    optimiser, schedule = build_optimiser(model, settings, steps=6)
    decayed, plain = optimiser.param_groups
    assert type(optimiser) is kind
    assert decayed["params"] == [model[0].weight] and decayed["weight_decay"] == 0.3
    assert len(plain["params"]) == 3 and plain["weight_decay"] == 0
    assert schedule.get_last_lr() == pytest.approx([0.025, 0.025])
