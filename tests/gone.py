"""Processes that must not outlive the one that started them."""

import time
from collections.abc import Iterable

import psutil
from patience import PATIENCE_S


def left_over(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Wait until these have ended; gives those that have not after a long time.

    A zombie has ended: whoever is its parent by now may never ask for its status.
    """
    processes, end = list(processes), time.monotonic() + PATIENCE_S
    while (left := [one for one in processes if _lives(one)]) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
