"""Optimisers and their schedule."""

import copy

import pytest
import torch
from refused import refused
from torch import nn

from vidfer.errors import SettingError
from vidfer.learn.optimiser import build_optimiser, rate
from vidfer.learn.settings import OptimSettings

FAN_CKPLUS = OptimSettings(
    name="sgd",
    nesterov=False,
    lr=0.1,
    weight_decay=1e-4,
    decay_all=True,
    warmup=0.0,
    schedule="steps",
    milestones=(30,),
    factor=0.2,
    clip_norm=0.0,
)
"""As published: SGD with momentum 0.9, lr 0.1, x 0.2 after 30 epochs, stop after 60."""


def test_the_rate_rises_to_its_setting_and_falls_to_nothing():
    settings = OptimSettings(warmup=1 / 3)
    rates = [rate(step, settings, 3, 4) for step in range(13)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rates[8] == pytest.approx(0.5) and rates[12] == pytest.approx(0.0)
    assert rate(99, settings, 3, 4) == 0


def test_the_rate_falls_at_milestones_and_stays_between_them():
    settings = OptimSettings(schedule="steps", milestones=(2, 3), factor=0.1, warmup=0.125)
    rates = [rate(step, settings, 4, 4) for step in range(16)]
    assert rates[:3] == pytest.approx([1 / 3, 2 / 3, 1])
    assert rates[3:] == pytest.approx([1] * 5 + [0.1] * 4 + [0.01] * 4)
    assert {rate(step, OptimSettings(schedule="steps", warmup=0.0), 4, 4) for step in range(16)} == {1.0}


def test_fans_schedule_is_torchs_own_sgd_with_multi_step_decay():
    torch.manual_seed(0)
    mine, torchs = nn.Linear(3, 2), nn.Linear(3, 2)
    torchs.load_state_dict(mine.state_dict())
    optimiser, schedule = build_optimiser(mine, FAN_CKPLUS, epochs=60, batches=2)
    reference = torch.optim.SGD(torchs.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    decay = torch.optim.lr_scheduler.MultiStepLR(reference, [30], 0.2)
    for number in range(60):
        for _ in range(2):
            crops = torch.randn(4, 3)
            for model, stepper in ((mine, optimiser), (torchs, reference)):
                stepper.zero_grad()
                model(crops).square().sum().mul(0.01).backward()
                stepper.step()
            schedule.step()
        decay.step()
        if number < 59:
            assert schedule.get_last_lr()[0] == pytest.approx(decay.get_last_lr()[0])
    torch.testing.assert_close(mine.weight, torchs.weight)
    torch.testing.assert_close(mine.bias, torchs.bias)


@pytest.mark.parametrize(
    ("name", "kind"), [("adamw", torch.optim.AdamW), ("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)]
)
def test_decay_is_on_matrices_of_trainable_parameters_only(name, kind):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 2))
    model[2].requires_grad_(False)
    settings = OptimSettings(name=name, lr=0.1, weight_decay=0.3, warmup=0.5)
    optimiser, schedule = build_optimiser(model, settings, epochs=2, batches=3)
    decayed, plain = optimiser.param_groups
    assert type(optimiser) is kind
    assert decayed["params"] == [model[0].weight] and decayed["weight_decay"] == 0.3
    assert len(plain["params"]) == 3 and plain["weight_decay"] == 0
    assert schedule.get_last_lr() == pytest.approx([0.025, 0.025])


def test_a_schedule_counts_steps_not_batches():
    settings = OptimSettings(accumulate=3, warmup=0.0)
    _, schedule = build_optimiser(nn.Linear(2, 2), settings, epochs=2, batches=4)  # 2 steps in an epoch
    shares = [schedule.lr_lambdas[0](step) for step in range(5)]
    assert shares == pytest.approx([rate(step, settings, 2, 2) for step in range(5)])
    assert shares[2] == pytest.approx(0.5) and shares[4] == pytest.approx(0)


def test_processes_with_batches_of_their_own_fill_their_last_round():
    settings = OptimSettings(schedule="steps", milestones=(1,), warmup=0.0, accumulate=2)
    # 5 batches for 2 processes: each takes 3, in 2 steps, which Accelerate counts as 4.
    _, schedule = build_optimiser(nn.Linear(2, 2), settings, epochs=2, batches=5, processes=2)
    assert [schedule.lr_lambdas[0](step) for step in range(6)] == [1, 1, 1, 1, 0.2, 0.2]


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"milestones": (3,)}, ("--optim.milestones 3", "--optim.schedule steps")),
        ({"schedule": "steps", "milestones": (6, 3)}, ("--optim.milestones 6 3",)),
        ({"schedule": "steps", "milestones": (0,)}, ("--optim.milestones 0",)),
        ({"factor": 0.0}, ("--optim.factor 0.0",)),
        ({"accumulate": 0}, ("--optim.accumulate 0", "at least 1")),
    ],
)
def test_mistakes(options, facts):
    with refused(SettingError, *facts):
        OptimSettings(**options)


def test_a_run_from_before_the_fused_step_goes_on_as_it_would_have():
    def steps(optimiser, weight, n):
        for step in range(n):
            weight.grad = torch.linspace(-1, 1, 6).view(2, 3) * (step + 1)
            optimiser.step()

    def model():
        return torch.nn.Linear(3, 2, bias=False)

    torch.manual_seed(0)
    through, resumed = model(), model()
    before = torch.optim.AdamW([{"params": [through.weight], "weight_decay": 0.1}], lr=0.01)
    steps(before, through.weight, 2)
    settings = OptimSettings(name="adamw", lr=0.01, weight_decay=0.1)
    after, _ = build_optimiser(resumed, settings, epochs=1, batches=1)
    assert after.param_groups[0]["fused"]
    resumed.load_state_dict(through.state_dict())
    state = copy.deepcopy(before.state_dict())
    state["param_groups"].append(after.state_dict()["param_groups"][1])  # of the biases, here none
    after.load_state_dict(state)
    for optimiser, weight in ((before, through.weight), (after, resumed.weight)):
        steps(optimiser, weight, 3)
    assert through.weight.equal(resumed.weight)
