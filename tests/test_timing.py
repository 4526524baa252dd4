import threading
import time

from vidfer.timing import iterate_timed, take_seconds, timed


def test_a_stage_within_another_is_counted_once():
    take_seconds()
    with timed("find"):
        time.sleep(0.05)
        for _ in iterate_timed("decode", iter([1, 2])):
            time.sleep(0.02)
        with timed("decode"):
            time.sleep(0.1)
    seconds = take_seconds()
    assert seconds.keys() == {"find", "decode"}
    assert 0.08 < seconds["find"] < 0.2 and 0.09 < seconds["decode"] < 0.2
    assert take_seconds() == {}


def test_what_iterating_takes_is_counted_and_what_using_takes_is_not():
    def items():
        for _ in range(3):
            time.sleep(0.03)
            yield None

    take_seconds()
    for _ in iterate_timed("decode", items()):
        time.sleep(0.05)
    assert 0.08 < take_seconds()["decode"] < 0.14


def test_threads_count_into_one_sum():
    def work():
        with timed("cut"):
            time.sleep(0.05)

    take_seconds()
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.14 < take_seconds()["cut"] < 0.5
