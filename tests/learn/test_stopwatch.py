"""Time spent waiting for data."""

import time

import pytest
import torch

from vidfer.learn.stopwatch import Stopwatch


def test_waits_are_told_from_work():
    watch = Stopwatch("cpu", waited_s=1.0, spent_s=2.0)
    moments = iter([10.0, 10.25, 11.0, 11.5, 12.0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "perf_counter", lambda: next(moments))
        for _ in range(5):  # before a wait, after it, before the next, after it, the end
            watch.mark()
    assert watch.read() == (1.75, 4.0)


def test_what_lies_between_a_reading_and_the_next_mark_counts_not():
    watch = Stopwatch("cpu")
    moments = iter([0.0, 1.0, 2.0, 100.0, 101.0, 105.0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "perf_counter", lambda: next(moments))
        for _ in range(3):
            watch.mark()
        assert watch.read() == (1.0, 2.0)
        for _ in range(3):
            watch.mark()
    assert watch.read() == watch.read() == (2.0, 7.0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_work_that_is_only_queued_is_no_wait():
    big = torch.randn(4096, 4096, device="cuda")
    (big @ big).sum().item()  # libraries are loaded
    watch = Stopwatch("cuda")
    watch.mark()
    for _ in range(5):
        time.sleep(0.01)  # hidden by the work of the step before, but for the first
        watch.mark()
        for _ in range(1000):
            big @ big
        watch.mark()
    hidden_s, busy_s = watch.read()
    assert hidden_s < 0.5 * busy_s
    watch = Stopwatch("cuda")
    watch.mark()
    for _ in range(5):
        time.sleep(0.05)
        watch.mark()
        big @ big
        watch.mark()
    waited_s, spent_s = watch.read()
    assert 0.25 <= waited_s <= spent_s  # a sleep is never shorter
