import errno
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import torch
from refused import refused

from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import EpochSampler, build_loader, collate_clips, loaded
from vidfer.errors import DataError, SettingError

CLIPS = [{"id": f"{i}.mp4", "label": "happy" if i < 8 else "sad"} for i in range(10)]
LABELS = [0] * 8 + [1] * 2


def order(loader) -> list[int]:
    return torch.cat([batch["clip"] for batch in loader]).tolist()


def test_the_order_depends_on_seed_and_epoch(make_cache):
    dataset = ClipDataset(make_cache(CLIPS).path, range(10), LABELS, n_frames=2)
    assert order(build_loader(dataset, 4)) == list(range(10))
    loader = build_loader(dataset, 4, shuffle=True, seed=3)
    first = order(loader)
    assert sorted(first) == list(range(10))
    assert order(loader) == first  # the same epoch again
    loader.sampler.set_epoch(1)
    assert order(loader) != first
    assert order(build_loader(dataset, 4, shuffle=True, seed=3)) == first
    assert order(build_loader(dataset, 4, shuffle=True, seed=4)) != first
    assert len(order(build_loader(dataset, 4, shuffle=True, drop_last=True))) == 8


def test_a_loader_leaves_the_callers_random_numbers_alone(make_cache):
    dataset = ClipDataset(make_cache(CLIPS).path, range(10), LABELS, n_frames=2)
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    order(build_loader(dataset, 4, shuffle=True))
    assert torch.equal(torch.rand(3), expected)


def test_balanced_batches_repeat_the_scarce_class_evenly(make_cache):
    dataset = ClipDataset(make_cache(CLIPS).path, range(10), LABELS, n_frames=2)
    drawn = Counter(order(build_loader(dataset, 5, balanced=True)))
    assert sum(drawn[i] for i in range(8)) == 5
    assert max(drawn[i] for i in range(8)) == 1
    assert sorted(drawn[i] for i in (8, 9)) == [2, 3]


def test_balance_is_kept_for_any_number_of_classes_and_clips():
    rng = np.random.default_rng(0)
    for n, classes in ((7, 2), (50, 7), (5, 5), (6, 5)):
        labels = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
        sampler = EpochSampler(n, seed=0, labels=labels)
        drawn = np.bincount(labels[list(sampler)], minlength=classes)
        assert drawn.sum() == len(sampler) == n
        assert drawn.max() - drawn.min() <= 1


def test_given_batches_are_used_as_they_are(make_cache):
    dataset = ClipDataset(make_cache(CLIPS).path, range(10), LABELS, n_frames=2)
    loader = build_loader(dataset, 99, batches=[[3, 1], [4]])
    assert [batch["clip"].tolist() for batch in loader] == [[3, 1], [4]]


def test_a_batch_is_read_into_one_place(make_cache):
    clips = [*CLIPS[:3], {"id": "z.mp4", "status": "mm"}]
    dataset = ClipDataset(make_cache(clips).path, range(4), n_frames=2)
    alone = [dataset[i]["crops"] for i in range(4)]
    items = dataset.__getitems__([3, 0, 2])
    batch = collate_clips(items)
    assert batch["crops"].data_ptr() == items[0]["crops"].data_ptr()
    assert torch.equal(batch["crops"], torch.stack([alone[3], alone[0], alone[2]]))
    for some in (items[::-1], items[:2], items[1:]):  # another order, or not all of them
        expected = torch.stack([alone[item["clip"]] for item in some])
        assert torch.equal(collate_clips(some)["crops"], expected)
    loader = build_loader(dataset, 3, workers=1)
    assert torch.equal(torch.cat([batch["crops"] for batch in loader]), torch.stack(alone))


def test_accelerate_sets_the_epoch_of_the_order(make_cache):
    from accelerate import Accelerator

    dataset = ClipDataset(make_cache(CLIPS).path, range(10), LABELS, n_frames=2)
    accelerator = Accelerator(cpu=True)
    loader = accelerator.prepare(build_loader(dataset, 4, shuffle=True, seed=1))
    epochs = [order(loader), order(loader)]
    expected = []
    for epoch in range(2):
        sampler = EpochSampler(10, seed=1)
        sampler.set_epoch(epoch)
        expected.append(list(sampler))
    assert epochs == expected
    rest = accelerator.skip_first_batches(loader, 1)
    sampler.set_epoch(2)
    assert order(rest) == list(sampler)[4:]


def test_nothing_to_load_is_said_with_the_file(make_cache):
    cache = make_cache(CLIPS)
    with refused(DataError, "cache.h5", "vidfer inspect"):
        build_loader(ClipDataset(cache.path, [], n_frames=2), 4)
    with refused(DataError, "balanced", "label", "cache.h5"):
        build_loader(ClipDataset(cache.path, [0], n_frames=2), 4, balanced=True)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),  # the semaphores of a queue
        RuntimeError(
            "unable to allocate shared memory(shm) for file </torch_1_2_3>: No space left on device (28)"
        ),
        RuntimeError("DataLoader worker (pid 7) is killed by signal: Bus error. It is possible that"),
        RuntimeError("DataLoader worker (pid(s) 7) exited unexpectedly"),
    ],
)
def test_too_little_memory_for_loader_processes_is_a_message(error):
    """The errors are those of torch where /dev/shm has 64 kB, and where a process is killed."""

    def batches():
        yield 1
        raise error

    found = []
    with refused(SettingError, "--data.workers"):
        for batch in loaded(batches()):
            found.append(batch)
    assert found == [1]


def test_loader_processes_without_shared_memory_are_refused_before_they_start(
    make_cache, no_semaphores, monkeypatch
):
    def no_memory(*_):
        raise RuntimeError("unable to open shared memory object </torch_1_2> in read-write mode: (30)")

    monkeypatch.setattr(torch.Tensor, "share_memory_", no_memory)
    dataset = ClipDataset(make_cache(CLIPS).path, range(10), n_frames=2, training=True)
    with refused(SettingError, "--data.workers", "/dev/shm"):
        build_loader(dataset, 4, workers=1)
    dataset.set_epoch(1)
    assert order(build_loader(dataset, 4)) == list(range(10))  # this process reads without it


READS = """
import multiprocessing, sys
multiprocessing.set_start_method("forkserver")
from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
for _ in range(2):
    assert len([*build_loader(ClipDataset(sys.argv[1], [0, 1], n_frames=2), 1, workers=2)]) == 2
"""
"""Reads clips in four processes, as Python starts them from 3.14 on."""


def test_loader_processes_of_a_fork_server_do_not_import_all_anew(make_cache):
    command = [sys.executable, "-X", "importtime", "-c", READS, make_cache([{"id": "a"}, {"id": "b"}]).path]
    told = subprocess.run(command, capture_output=True, check=True, text=True).stderr
    imports = [
        line.rpartition("|")[2].strip() for line in told.splitlines() if line.startswith("import time")
    ]
    assert imports.count("torch") == 2  # by this program and by the fork server, and by no process of it


def test_a_fault_in_the_loop_is_not_one_of_the_loader():
    with pytest.raises(RuntimeError, match="shm of the loop"):
        for _ in loaded([1, 2]):
            raise RuntimeError("shm of the loop")
    with pytest.raises(RuntimeError, match="another fault"):
        list(loaded(_faulty()))


def _faulty():
    yield 1
    raise RuntimeError("another fault")
