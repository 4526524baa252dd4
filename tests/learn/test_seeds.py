"""Seeds of epochs."""

import torch

from vidfer.learn.seeds import seed_epoch


def test_every_seed_epoch_and_process_has_numbers_of_its_own():
    seeds = {
        seed_epoch(seed, epoch, process)
        for seed in range(3)
        for epoch in range(0, 400, 7)
        for process in range(8)
    }
    assert len(seeds) == 3 * 58 * 8


def test_the_numbers_of_an_epoch_come_back():
    seed_epoch(1, 2, 0)
    first = torch.rand(3)
    torch.rand(10)
    seed_epoch(1, 2, 0)
    assert torch.rand(3).equal(first)
