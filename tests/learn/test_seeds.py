"""Seeds of steps."""

import random

import numpy as np
import torch

from vidfer.learn.seeds import seed_step


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
