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
    """The device begins with all that follows only when this process has queued it, however slow it is."""
    torch.cuda.synchronize()
    held_cycles = 2**28  # a tenth of a second, and more below if that was too short
    while True:
        torch.cuda._sleep(held_cycles)
        watch = Stopwatch("cuda")
        watch.mark()
        for _ in range(5):
            watch.mark()
            torch.cuda._sleep(2**24)
            watch.mark()
        if not watch._marks[0].query():  # the device has not even come to the first mark
            break
        held_cycles *= 2
    waited_s, spent_s = watch.read()
    assert waited_s < 0.1 * spent_s


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_device_that_has_nothing_to_do_waits():
    watch = Stopwatch("cuda")
    watch.mark()
    for _ in range(5):
        torch.cuda.synchronize()  # the mark lies behind the device, and it is idle
        time.sleep(0.05)
        watch.mark()
        torch.cuda._sleep(2**20)
        watch.mark()
    waited_s, spent_s = watch.read()
    assert 0.25 <= waited_s <= spent_s  # a sleep is never shorter
