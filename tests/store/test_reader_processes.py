"""One cache read by many: threads, processes of every start method; and a cache that is replaced."""

import gc
import multiprocessing
import os
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from made_up_caches import make_cache
from refused import refused
from torch.utils.data import DataLoader, Dataset

from vidfer.errors import CacheError
from vidfer.store.reader import CropCache

LONGEST, N_FRAMES = 1, 12  # number 2 of the made-up clips is the second in order of id


def test_the_longest_clip_is_where_these_tests_look(jpeg_cache):
    assert CropCache(jpeg_cache).clips[LONGEST].n_frames == N_FRAMES


def digest_of_random_reads(cache: CropCache, seed: int) -> int:
    """What 40 reads of some of the frames give."""
    rng, seen = np.random.default_rng(seed), []
    for _ in range(40):
        crops = cache.read(LONGEST, rng.choice(N_FRAMES, 5))
        seen.append((crops.tobytes(), cache.frames(LONGEST).status.tobytes()))
    return hash(tuple(seen))


class OneCrop(Dataset):
    def __init__(self, path) -> None:
        self.cache = CropCache(path)
        self.cache.read(LONGEST, [0])  # the handle of the parent is open when workers start

    def __len__(self) -> int:
        return 48

    def __getitem__(self, i: int) -> torch.Tensor:
        return torch.from_numpy(self.cache.read(LONGEST, [i % N_FRAMES]))


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_a_loader_read_the_same_in_every_epoch(jpeg_cache, method):
    data = OneCrop(jpeg_cache)
    loader = DataLoader(
        data, batch_size=6, num_workers=2, multiprocessing_context=method, persistent_workers=True
    )
    expected = torch.cat([data[i][None] for i in range(48)])
    for _ in range(2):
        torch.testing.assert_close(torch.cat(list(loader)), expected, rtol=0, atol=0)


@pytest.mark.parametrize("codec", ["jpeg", "raw"])
def test_many_processes_and_threads_read_at_once(jpeg_cache, raw_cache, codec):
    cache = CropCache(jpeg_cache if codec == "jpeg" else raw_cache)
    expected = [digest_of_random_reads(cache, seed) for seed in range(4)]  # forked: they hash alike
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    processes = [
        context.Process(
            target=lambda seed: queue.put((seed, digest_of_random_reads(cache, seed))), args=(seed,)
        )
        for seed in range(4)
    ]
    for process in processes:
        process.start()
    found: dict[int, int] = {}
    threads = [
        threading.Thread(
            target=lambda seed: found.update({seed: digest_of_random_reads(cache, seed)}), args=(seed,)
        )
        for seed in range(4)
    ]
    for thread in threads:
        thread.start()
    in_processes = dict(queue.get() for _ in processes)
    for each in (*threads, *processes):
        each.join()
    assert [found[seed] for seed in range(4)] == [in_processes[seed] for seed in range(4)] == expected


def test_each_process_has_one_handle_of_its_own(jpeg_cache):
    cache = CropCache(jpeg_cache)
    cache.read(LONGEST, [0])
    inherited = cache._file
    here, there = multiprocessing.Pipe()

    def child() -> None:
        crops, new = cache.read(LONGEST, [0]), cache._file is not inherited
        cache.read(LONGEST, [1])
        there.send((crops, new))

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    crops, new_handle = here.recv()
    process.join()
    assert new_handle
    np.testing.assert_array_equal(crops, cache.read(LONGEST, [0]))


def test_handles_do_not_pile_up(jpeg_cache):
    def handles() -> int:
        return [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()].count(
            str(jpeg_cache.resolve())
        )

    gc.collect()  # what tests before this one have left open
    before = handles()
    cache = CropCache(jpeg_cache)
    for _ in range(3):
        cache.read(LONGEST, [0])
        cache.close()
    cache.read(LONGEST, [0])
    assert handles() == before + 1
    here, there = multiprocessing.Pipe()

    def child() -> None:
        cache.read(LONGEST, [0])
        there.send(handles())

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    inherited_and_own = here.recv()
    process.join()
    assert inherited_and_own <= before + 2
    cache.close()
    assert handles() == before


def test_a_cache_that_is_replaced_is_noticed_by_whoever_opens_it_later(tmp_path):
    path = make_cache(tmp_path / "a", lengths=(2,))
    cache = CropCache(path)
    crops = cache.read(0, [0, 1])
    text = pickle.dumps(cache)
    make_cache(tmp_path / "b", lengths=(3,)).replace(path)
    np.testing.assert_array_equal(cache.read(0, [0, 1]), crops)  # the file that it has open lives on
    with refused(CacheError, path, "replaced", "start again"):
        pickle.loads(text).read(0, [0])


def test_workers_say_that_the_cache_was_replaced(tmp_path):
    path = make_cache(tmp_path / "a")
    data = OneCrop(path)
    make_cache(tmp_path / "b", lengths=(5, 1, 13)).replace(path)
    with refused(CacheError, path, "replaced"):
        list(DataLoader(data, batch_size=6, num_workers=1))
