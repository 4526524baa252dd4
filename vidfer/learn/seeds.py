"""Everything random in an epoch is a function of the run's seed, the epoch and the process."""

from __future__ import annotations

from accelerate.utils import set_seed


def seed_epoch(seed: int, epoch: int, process_index: int = 0) -> int:
    """Seeds Python, NumPy and torch (all devices) for one epoch of one process, and returns that seed.

    Noise, dropout and drop-path then need no saved generator: an epoch run after a resume sees what it would
    have seen without the interruption. Processes differ, or they would noise their clips alike.
    """
    # Large odd multipliers keep (seed, epoch, process) apart for all counts that occur.
    mixed = (seed * 1_000_003 + epoch * 10_007 + process_index * 101 + 12_345) % 2**31
    set_seed(mixed)
    return mixed
