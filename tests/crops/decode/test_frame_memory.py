"""Memory of frames is used again, but never while somebody looks at it."""

import gc
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from vidfer.crops.decode import frame_memory as decode_memory
from vidfer.crops.decode.frame_memory import new_frames

SHAPE = (4, 100, 100, 3)


@pytest.fixture(autouse=True)
def none_free(monkeypatch):
    monkeypatch.setattr(decode_memory, "_free", [])


def place(array):
    return array.__array_interface__["data"][0]


def test_memory_is_used_again():
    first = new_frames(SHAPE)
    assert first.shape == SHAPE and first.dtype == np.uint8 and first.flags.writeable
    where = place(first)
    del first
    assert place(new_frames((3, 100, 100, 3))) == where
    assert len(decode_memory._free) == 1


@pytest.mark.parametrize(
    "part", [lambda a: a[1:2], lambda a: a[0].reshape(-1), lambda a: a.view(np.int8), memoryview]
)
def test_not_while_a_part_is_in_use(part):
    first = new_frames(SHAPE)
    first[...] = 7
    kept = part(first)
    del first
    gc.collect()
    second = new_frames(SHAPE)
    second[...] = 9
    assert (np.asarray(kept) == 7).all()


def test_two_at_once_are_apart_and_little_is_kept(monkeypatch):
    monkeypatch.setattr(decode_memory, "FREE_BYTES", 300_000)
    arrays = [new_frames(SHAPE) for _ in range(4)]
    for i, array in enumerate(arrays):
        array[...] = i
    assert [array.max() for array in arrays] == [0, 1, 2, 3] == [array.min() for array in arrays]
    del arrays, array
    assert sum(map(len, decode_memory._free)) == 2 * 120_000
    assert place(new_frames((1, 10, 10, 3))) not in map(place, map(np.asarray, decode_memory._free))


def test_in_several_threads():
    def work(number):
        for _ in range(300):
            array = new_frames((1 + number % 2, 50, 50, 3))
            array[...] = number
            time.sleep(0)
            if not (array == number).all():
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))
