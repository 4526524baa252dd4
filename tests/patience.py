"""Waiting for what another thread or process does, however slow this machine is."""

import time
from collections.abc import Callable

PATIENCE_S = 600
"""Everything takes seconds; only a fault takes this long."""


def wait_until(true: Callable[[], object]) -> None:
    """Wait for a condition; the test fails if it never comes."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)
