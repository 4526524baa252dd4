"""The moving average of weights, by hand."""

import torch
from torch import nn

from vidfer.models.ema import Ema


def test_the_average_follows_with_a_decay_that_warms_up():
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 0.0)
    ema = Ema(model, decay=0.15)
    nn.init.constant_(model.weight, 1.0)
    ema.update(model)  # decay (1 + 0) / (10 + 0) = 0.1
    assert torch.allclose(ema.module.weight, torch.tensor([[0.9]]))
    ema.update(model)  # (1 + 1) / (10 + 1) = 0.18, above 0.15
    assert torch.allclose(ema.module.weight, torch.tensor([[0.9 * 0.15 + 0.85]]))
    assert ema.steps == 2 and not ema.module.weight.requires_grad


def test_running_statistics_are_averaged_and_counters_copied():
    model = nn.BatchNorm1d(2)
    ema = Ema(model, decay=0.9)
    model(torch.randn(8, 2) + 5)
    before = ema.module.running_mean.clone()
    ema.update(model)
    assert torch.allclose(ema.module.running_mean, before * 0.1 + model.running_mean * 0.9)
    assert ema.module.num_batches_tracked == 1


def test_the_copy_is_no_longer_the_model():
    model = nn.Linear(2, 2)
    ema = Ema(model, decay=0.9)
    nn.init.zeros_(model.weight)
    assert ema.module.weight.abs().sum() > 0 and not ema.module.training
