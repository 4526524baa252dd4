"""Batches of clips, in an order that depends on seed and epoch alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Sampler, default_collate

from vidfer.data.dataset import ClipDataset
from vidfer.data.encoded import EncodedCrops
from vidfer.errors import VidferError


class EpochSampler(Sampler[int]):
    """A random order that is a pure function of seed and epoch, the same in every process.

    Accelerate calls ``set_epoch`` by itself, and its exact resume in the middle of an epoch works with it.

    Args:
        n: number of clips.
        seed: any integer from 0.
        labels: if given, class numbers (n,): every class gets the same share of the n places of an epoch,
            scarce classes by repetition, and within a class no clip comes twice before all came once.
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
        # In random order: the first ones get one more where n is no multiple.
        classes = rng.permutation(np.unique(self.labels))
        chosen = []
        for place, number in enumerate(classes):
            clips = np.flatnonzero(self.labels == number)
            quota = self.n // len(classes) + (place < self.n % len(classes))
            rounds = [rng.permutation(clips) for _ in range(-(-quota // len(clips)))]
            chosen.extend(np.concatenate(rounds)[:quota] if rounds else ())
        return iter(rng.permutation(np.asarray(chosen, dtype=np.int64)).tolist())


def collate_clips(items: list[dict]) -> dict:
    """Items of a :class:`vidfer.data.dataset.ClipDataset`, or of a data set around it, as one batch.

    Every value gets a first dimension B, crops that are still encoded too.
    """
    crops = [item["crops"] for item in items]
    rest = [{name: value for name, value in item.items() if name != "crops"} for item in items]
    return {"crops": _batch_of(crops)} | default_collate(rest)


def _batch_of(crops: list[Tensor] | list[EncodedCrops]) -> Tensor | EncodedCrops:
    encoded = [isinstance(one, EncodedCrops) for one in crops]
    if all(encoded):
        return EncodedCrops.of_batch(crops)
    if any(encoded):  # clips of two caches, one of them raw
        return torch.stack([one.to("cpu") for one in crops])
    whole = crops[0]._base
    if whole is None or whole.shape != (len(crops), *crops[0].shape):
        return torch.stack(crops)
    # What ClipDataset.__getitems__ has read into one place is a batch already.
    in_place = all(one.data_ptr() == row.data_ptr() for one, row in zip(crops, whole))
    return whole if in_place else torch.stack(crops)


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
        dataset: the clips; call ``dataset.set_epoch`` before each epoch of training (Accelerate tells the
            sampler, not the data set).
        batch_size: clips per batch.
        shuffle: random order, new in each epoch.
        balanced: random order with the same number of clips of every class; needs labels.
        batches: lists of positions, such as the clips of an episode, instead of ``batch_size`` and the flags.
        drop_last: leave out a last batch that is not full.
        workers: processes that read and decode; 0 reads in this one.
        pin_memory: batches in memory from which a GPU copies several times as fast, and while it computes.
        seed: of the order.

    Raises:
        VidferError: there is no clip, or a balanced order is asked of clips without labels.
    """
    if len(dataset) == 0:
        raise VidferError(
            f"no clips to load from {dataset.cache.path}; look at its splits with `vidfer inspect`"
        )
    common = {
        "num_workers": workers,
        "persistent_workers": workers > 0,
        "collate_fn": collate_clips,
        "pin_memory": pin_memory,
        # Otherwise the workers' seeds would advance torch's own generator.
        "generator": torch.Generator().manual_seed(seed),
    }
    if batches is not None:
        return DataLoader(dataset, batch_sampler=batches, **common)
    sampler = None
    if balanced:
        if (dataset.labels < 0).any():
            raise VidferError(f"balanced batches need a label for every clip ({dataset.cache.path})")
        sampler = EpochSampler(len(dataset), seed=seed, labels=dataset.labels)
    elif shuffle:
        sampler = EpochSampler(len(dataset), seed=seed)
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler, drop_last=drop_last, **common)
