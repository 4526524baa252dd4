"""Load batches of clips in an order that depends on seed and epoch alone."""

from __future__ import annotations

import errno
import multiprocessing
from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Sampler, default_collate

from vidfer.data.dataset import ClipDataset
from vidfer.data.encoded_crops import EncodedCrops
from vidfer.errors import DataError, SettingError
from vidfer.parent import end_with_parent
from vidfer.workers import start_fork_server

Batch = TypeVar("Batch")


class EpochSampler(Sampler[int]):
    """A random order that depends on seed and epoch alone, so it is the same in every process.

    Accelerate calls ``set_epoch`` itself and can resume exactly in the middle of an epoch.

    Args:
        n: number of clips.
        seed: 0 or more.
        labels: class numbers (n,). If given, every class gets the same share of the n places of an epoch.
            Clips of small classes repeat; no clip comes again before every clip of its class has come.
    """

    def __init__(self, n: int, *, seed: int, labels: np.ndarray | None = None):
        self.n, self.seed, self.labels = n, seed, labels
        self.epoch = 0

    def __len__(self) -> int:
        return self.n

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng([self.seed, self.epoch])
        if self.labels is None:
            return iter(rng.permutation(self.n).tolist())
        # In random order, because the first classes get one place more if n is no multiple of their number.
        classes = rng.permutation(np.unique(self.labels))
        chosen = []
        for place, number in enumerate(classes):
            clips = np.flatnonzero(self.labels == number)
            quota = self.n // len(classes) + (place < self.n % len(classes))
            rounds = [rng.permutation(clips) for _ in range(-(-quota // len(clips)))]
            chosen.extend(np.concatenate(rounds)[:quota] if rounds else ())
        return iter(rng.permutation(np.asarray(chosen, dtype=np.int64)).tolist())


def collate_clips(items: list[dict]) -> dict:
    """Make a batch from items of a :class:`vidfer.data.dataset.ClipDataset` or of a data set around it.

    Every value gets a first dimension B, also crops that are still encoded.
    """
    crops = [item["crops"] for item in items]
    rest = [{name: value for name, value in item.items() if name != "crops"} for item in items]
    return {"crops": _batch_of(crops)} | default_collate(rest)


def _batch_of(crops: list[Tensor] | list[EncodedCrops]) -> Tensor | EncodedCrops:
    encoded = [isinstance(one, EncodedCrops) for one in crops]
    if all(encoded):
        return EncodedCrops.of_batch(crops)
    if any(encoded):  # clips of two caches, and one of the caches is raw
        return torch.stack([one.to("cpu") for one in crops])
    whole = crops[0]._base
    if whole is None or whole.shape != (len(crops), *crops[0].shape):
        return torch.stack(crops)
    # ClipDataset.__getitems__ puts the items of a batch into one tensor: use that if it is one.
    is_batch = all(one.data_ptr() == row.data_ptr() for one, row in zip(crops, whole))
    return whole if is_batch else torch.stack(crops)


def _end_with_parent(_worker: int) -> None:
    end_with_parent()


def build_loader(
    dataset: ClipDataset,
    batch_size: int,
    *,
    shuffle: bool = False,
    balanced: bool = False,
    batches: Sampler[list[int]] | None = None,
    drop_last: bool = False,
    workers: int = 0,
    pin_memory: bool = False,
    seed: int = 0,
) -> DataLoader:
    """A DataLoader over clips, ready for ``accelerator.prepare``.

    Args:
        dataset: the clips. Call ``dataset.set_epoch`` before each epoch of training: Accelerate tells the
            sampler, but not the data set.
        batch_size: clips per batch.
        shuffle: random order, new in each epoch.
        balanced: random order with the same number of clips of every class; needs labels.
        batches: gives the positions of each batch, such as the clips of an episode. It replaces
            ``batch_size``, ``shuffle``, ``balanced`` and ``drop_last``.
        drop_last: leave out the last batch if it is not full.
        workers: processes that read and decode; 0 reads in this process.
        pin_memory: put batches into pinned memory, from which a GPU copies several times faster and while it
            computes.
        seed: of the order.

    Raises:
        DataError: there is no clip, or a clip without a label where ``balanced`` is set.
        SettingError: there shall be ``workers``, and the shared memory that they need cannot be had.
    """
    if len(dataset) == 0:
        raise DataError(
            f"{dataset.cache.path}: there are no clips to load; list its splits with `vidfer inspect`"
        )
    if workers > 0:
        _check_shared_memory()
        if multiprocessing.get_start_method() == "forkserver":  # by default since Python 3.14
            # Otherwise each process of each loader would import torch and all of this anew, for seconds.
            start_fork_server("__main__", "vidfer.data.dataset")
    common = {
        "num_workers": workers,
        "persistent_workers": workers > 0,
        "collate_fn": collate_clips,
        "pin_memory": pin_memory,
        "worker_init_fn": _end_with_parent,
        # Without it the seeds of the workers would advance torch's global generator.
        "generator": torch.Generator().manual_seed(seed),
    }
    if batches is not None:
        return DataLoader(dataset, batch_sampler=batches, **common)
    sampler = None
    if balanced:
        if (dataset.labels < 0).any():
            raise DataError(f"balanced batches need a label for every clip ({dataset.cache.path})")
        sampler = EpochSampler(len(dataset), seed=seed, labels=dataset.labels)
    elif shuffle:
        sampler = EpochSampler(len(dataset), seed=seed)
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler, drop_last=drop_last, **common)


def loaded(batches: Iterable[Batch]) -> Iterator[Batch]:
    """The batches of a loader, with a message where its processes find too little memory.

    Args:
        batches: a loader, or what Accelerate or a progress bar has made of it.

    Raises:
        SettingError: the shared memory through which loader processes hand over batches is too small, or a
            loader process was killed.
    """
    try:
        yield from batches
    except (OSError, RuntimeError) as error:
        text = str(error)
        if any(part in text for part in NO_SHARED_MEMORY) or getattr(error, "errno", None) == errno.ENOSPC:
            raise SettingError(TOO_LITTLE) from error
        if KILLED in text:
            raise SettingError(
                f"a loader process was killed ({text.splitlines()[0]}), perhaps for lack of memory; "
                "give fewer --data.workers"
            ) from error
        raise


def _check_shared_memory() -> None:
    """Loader processes need semaphores, and memory for their batches; in Linux both are files in /dev/shm."""
    try:
        multiprocessing.get_context().Lock()
        torch.zeros(1).share_memory_()
    except (OSError, RuntimeError) as error:
        raise SettingError(TOO_LITTLE) from error


TOO_LITTLE = (
    "the shared memory in /dev/shm is too small for the loader processes, or cannot be written to; give "
    "fewer --data.workers (0 needs none), or make it larger (in a container: --shm-size 8g)"
)
NO_SHARED_MEMORY = ("shared memory", "shm", "torch_", "Bus error")
KILLED = "DataLoader worker"
"""What torch says where shared memory is too small, and where a process of a loader has ended."""
