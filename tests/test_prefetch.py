import subprocess
import sys
import threading
import time

import pytest

from vidfer.prefetch import prefetch


def test_the_same_items_in_the_same_order_made_in_another_thread():
    threads = set()

    def items():
        for i in range(20):
            threads.add(threading.get_ident())
            yield i

    assert list(prefetch(items())) == list(range(20))
    assert len(threads) == 1 and threading.get_ident() not in threads


def test_no_more_than_n_are_made_ahead():
    made = []

    def items():
        for i in range(20):
            made.append(i)
            yield i

    for i in prefetch(items(), n=3):
        time.sleep(0.02)
        assert len(made) <= i + 1 + 3
    assert len(made) == 20


def test_making_and_using_overlap():
    begun = [threading.Event() for _ in range(6)]

    def items():
        for i in range(5):
            begun[i].set()
            yield i
        begun[5].set()

    for i in prefetch(items()):
        # The next item is begun while this one is used; otherwise this would wait for ever.
        assert begun[i + 1].wait(2900)


def test_a_fault_comes_in_its_place():
    def items():
        yield 1
        raise ValueError("broken")

    source = prefetch(items())
    assert next(source) == 1
    with pytest.raises(ValueError, match="broken"):
        next(source)


def test_stopping_early_ends_the_thread_and_closes_the_generator():
    closed = []

    def items():
        try:
            while True:
                yield 0
        finally:
            closed.append(True)

    before = {*threading.enumerate()}
    source = prefetch(items())
    next(source)
    source.close()
    assert {*threading.enumerate()} <= before and closed == [True]


LEFT_OPEN = """
import gc
from vidfer.prefetch import prefetch

gc.disable()
ring = [prefetch(iter(int, 1))]
ring.append(ring)  # only the end of Python finds it
next(ring[0])
del ring
"""


def test_one_that_is_left_open_does_not_hold_up_the_end_of_the_program():
    done = subprocess.run([sys.executable, "-c", LEFT_OPEN], capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
