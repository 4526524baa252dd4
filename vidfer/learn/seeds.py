"""Everything random in a step is a function of the run's seed, the epoch, the step and the process."""

from __future__ import annotations

import numpy as np
from accelerate.utils import set_seed


def seed_step(seed: int, epoch: int, step: int, process_index: int = 0) -> int:
    """Seeds Python, NumPy and torch (all devices) for one step of one process, and returns that seed.

    Noise, dropout and drop-path then need no saved generator: a step run after a resume sees what it would
    have seen without the interruption. Processes differ, or they would noise their clips alike.
    """
    mixed = int(np.random.SeedSequence([seed, epoch, step, process_index]).generate_state(1)[0])
    set_seed(mixed)
    return mixed
