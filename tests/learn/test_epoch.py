"""An epoch that is resumed in its middle, and the seeds of its steps."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from accelerate.utils import GradientAccumulationPlugin
from fake_clock import FakeClock
from refused import refused
from torch.utils.data import DataLoader, Dataset

from vidfer.data.loader import EpochSampler
from vidfer.errors import RunError
from vidfer.learn.epoch import Epoch, seed_step
from vidfer.runs.run_folder import RunFolder
from vidfer.runs.settings import RunSettings


class Numbers(Dataset):
    """0 to 9, remembering which were read."""

    def __init__(self) -> None:
        self.read: list[int] = []

    def __len__(self) -> int:
        return 10

    def __getitem__(self, i: int) -> torch.Tensor:
        self.read.append(i)
        return torch.tensor(float(i))


class Killed(Exception):
    pass


def run_epoch(
    run: RunFolder, dataset: Dataset, number: int = 3, kill_after: int | None = None, workers: int = 0
) -> tuple:
    """Batches and a random number of each step of an epoch, and its means."""
    sampler = EpochSampler(len(dataset), seed=1)
    loader = DataLoader(dataset, batch_size=1, sampler=sampler, num_workers=workers)
    epoch = Epoch(run.accelerator.prepare(loader), run, number, {"epoch": number})
    steps = []
    for batch in epoch:
        steps.append((batch.item(), torch.rand(1).item()))
        weight = torch.tensor(0.1 * len(steps))
        epoch.add(loss=batch.mean() / 3, right=(weight, torch.tensor(2)))
        if len(steps) == kill_after:
            raise Killed
    return steps, epoch.means(), epoch


@pytest.fixture
def settings(tmp_path) -> RunSettings:
    return RunSettings(cache=Path("a.h5"), out=tmp_path / "run", tracker="none", save_every=4)


@pytest.mark.parametrize(("kill_after", "done"), [(3, 0), (7, 4), (10, 8)])
def test_it_goes_on_after_the_last_saved_step_and_ends_alike(settings, tmp_path, kill_after, done):
    whole = RunFolder(replace(settings, out=tmp_path / "whole"), Accelerator(cpu=True))
    wanted, means, _ = run_epoch(whole, Numbers())
    assert sorted(number for number, _ in wanted) == list(range(10))

    with pytest.raises(Killed):
        run_epoch(RunFolder(settings, Accelerator(cpu=True)), Numbers(), kill_after=kill_after)
    run, dataset = RunFolder(replace(settings, resume=True), Accelerator(cpu=True)), Numbers()
    assert run.progress() == ({"epoch": 3} if done else None)
    run.load_state()
    steps, again, epoch = run_epoch(run, dataset)
    assert steps == wanted[done:] and epoch.done == 10
    assert again["loss"] == means["loss"]  # also the last bit
    assert dataset.read == [number for number, _ in wanted[done:]]
    # The next epoch is a whole one again.
    later, _, _ = run_epoch(run, Numbers(), number=4)
    assert len(later) == 10 and [number for number, _ in later] != [number for number, _ in wanted]


def test_loader_processes_change_nothing(settings, tmp_path):
    whole = RunFolder(replace(settings, out=tmp_path / "whole"), Accelerator(cpu=True))
    wanted, means, _ = run_epoch(whole, Numbers())
    with pytest.raises(Killed):
        run_epoch(RunFolder(settings, Accelerator(cpu=True)), Numbers(), kill_after=6, workers=2)
    run = RunFolder(replace(settings, resume=True), Accelerator(cpu=True))
    run.progress()
    steps, again, _ = run_epoch(run, Numbers(), workers=2)
    assert steps == wanted[4:] and again["loss"] == means["loss"]


def test_a_mean_has_a_sum_and_a_count(settings):
    _, means, _ = run_epoch(RunFolder(settings, Accelerator(cpu=True)), Numbers())
    assert means["loss"] == pytest.approx(4.5 / 3)
    assert means["right"] == pytest.approx(5.5 / 20)


def test_nothing_is_saved_while_gradients_are_added_up(settings):
    plugin = GradientAccumulationPlugin(num_steps=3)
    run = RunFolder(
        replace(settings, save_every=1), Accelerator(cpu=True, gradient_accumulation_plugin=plugin)
    )
    saved = []
    run.save_state = lambda *state: saved.append(state[-1]["done"])
    run_epoch(run, Numbers())
    assert saved == [3, 6, 9]


def test_the_share_of_waiting_is_that_of_the_loader(settings, monkeypatch):
    clock = FakeClock(monkeypatch)

    class Slow(Numbers):
        def __getitem__(self, i: int) -> torch.Tensor:
            clock.advance(3)
            return super().__getitem__(i)

    run = RunFolder(settings, Accelerator(cpu=True))
    loader = run.accelerator.prepare(DataLoader(Slow(), batch_size=1))
    epoch = Epoch(loader, run, 0, {})
    for batch in epoch:
        clock.advance(1)
        epoch.add(loss=batch.mean())
    assert epoch.means()["waiting"] == pytest.approx(0.75)


def test_a_loss_that_is_no_number_is_named_with_a_remedy(settings):
    run = RunFolder(replace(settings, save_every=100), Accelerator(cpu=True))
    epoch = Epoch(run.accelerator.prepare(DataLoader(Numbers(), batch_size=1)), run, 0, {})
    for batch in epoch:
        epoch.add(loss=batch.mean() / 0)
    with refused(RunError, ".lr", "--resume", settings.out):
        epoch.means()


def test_a_loss_that_is_no_number_is_not_saved_within_an_epoch(settings):
    run = RunFolder(settings, Accelerator(cpu=True))
    epoch = Epoch(run.accelerator.prepare(DataLoader(Numbers(), batch_size=1)), run, 0, {"epoch": 0})
    states = []
    with refused(RunError, ".lr", settings.out):
        for batch in epoch:  # saves after 4 steps and after 8
            states.append(run.state.exists())
            epoch.add(loss=batch.mean() / (batch.mean() - 5))
    assert states == [False] * 4 + [True] * 4 and not run.state.exists()


def test_every_seed_epoch_step_and_process_has_numbers_of_its_own():
    seeds = {
        seed_step(seed, epoch, step, process)
        for seed in range(3)
        for epoch in range(0, 400, 40)
        for step in range(0, 1000, 100)
        for process in range(4)
    }
    assert len(seeds) == 3 * 10 * 10 * 4


def test_the_numbers_of_a_step_come_back():
    def draw() -> tuple:
        return random.random(), np.random.rand(), torch.rand(1).item()

    seed_step(1, 2, 3)
    first = draw()
    draw()
    seed_step(1, 2, 3)
    assert draw() == first
    seed_step(1, 2, 4)
    assert not set(draw()) & set(first)
