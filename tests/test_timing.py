import threading

import pytest
from fake_clock import FakeClock

from vidfer.timing import iterate_timed, take_seconds, timed


@pytest.fixture
def clock(monkeypatch) -> FakeClock:
    take_seconds()
    return FakeClock(monkeypatch)


def test_a_stage_within_another_is_counted_once(clock):
    with timed("find"):
        clock.advance(5)
        for _ in iterate_timed("decode", iter([1, 2])):
            clock.advance(2)
        with timed("decode"):
            clock.advance(10)
        clock.advance(1)
    assert take_seconds() == {"find": 5 + 2 * 2 + 1, "decode": 10}
    assert take_seconds() == {}


def test_what_iterating_takes_is_counted_and_what_using_takes_is_not(clock):
    def items():
        for _ in range(3):
            clock.advance(3)
            yield None

    for _ in iterate_timed("decode", items()):
        clock.advance(5)
    assert take_seconds() == {"decode": 3 * 3}


def test_threads_count_into_one_sum(clock):
    def work():
        with timed("cut"):
            clock.advance(5)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert take_seconds() == {"cut": 3 * 5}
