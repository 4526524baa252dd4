"""Batches of labelled and pseudo-labelled clips for a student."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from vidfer.data.dataset import ClipDataset

Place = tuple[bool, int, int]
"""Where an item comes from: is it pseudo-labelled, how often it came before in this epoch, its position."""


class MixedDataset(Dataset):
    """Labelled and pseudo-labelled clips as one data set, indexed by :data:`Place`.

    Its items are those of :class:`vidfer.data.dataset.ClipDataset` plus ``target`` (C,) and ``pseudo``
    (bool). A clip that comes again within an epoch shows other random frames.

    Args:
        labelled, pseudo: the two parts; ``pseudo`` needs no labels.
        labelled_targets, pseudo_targets: (M, C) distributions over the classes, one row per clip.
    """

    def __init__(
        self, labelled: ClipDataset, pseudo: ClipDataset, labelled_targets: Tensor, pseudo_targets: Tensor
    ) -> None:
        self.parts = {False: labelled, True: pseudo}
        self.targets = {False: labelled_targets, True: pseudo_targets}
        self.cache = pseudo.cache

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts.values())

    def set_epoch(self, epoch: int) -> None:
        for part in self.parts.values():
            part.set_epoch(epoch)

    def __getitem__(self, place: Place) -> dict[str, Tensor]:
        is_pseudo, again, position = place
        view = copy.copy(self.parts[is_pseudo])  # has the same cache and epoch, only another seed
        view.seed = view.seed + 1_000_003 * again
        item = view[position]
        return item | {"target": self.targets[is_pseudo][position], "pseudo": torch.tensor(is_pseudo)}


class MixedBatches(Sampler[list[Place]]):
    """Batches with a fixed number of labelled clips and ``ratio`` times as many pseudo-labelled ones.

    An epoch shows each pseudo-labelled clip as often as its weight says. The labelled clips repeat as often
    as that takes. All batches are full: the last one is filled up from another shuffle. The order depends on
    seed and epoch alone.

    Within a batch each labelled clip is followed by ``ratio`` pseudo-labelled ones. Accelerate gives each
    process a contiguous piece of the batch, so every piece has the same mixture as the whole batch.

    Args:
        labels: class numbers of the labelled clips.
        weights: how often each pseudo-labelled clip is shown in an epoch.
        batch_size: labelled clips in a batch.
        ratio: pseudo-labelled clips for each labelled clip.
        balanced: draw labelled clips so that all classes are equally frequent.
        seed: of the order.
    """

    def __init__(
        self,
        labels: Sequence[int] | np.ndarray,
        weights: Sequence[int] | np.ndarray,
        *,
        batch_size: int,
        ratio: int,
        balanced: bool = False,
        seed: int = 0,
    ) -> None:
        self.labels = np.asarray(labels)
        self.repeated = np.repeat(np.arange(len(weights)), weights)
        self.labelled_per_batch, self.ratio, self.balanced, self.seed = batch_size, ratio, balanced, seed
        self.batch_size = batch_size * (1 + ratio)
        self.drop_last = True  # every batch is full
        self.epoch = 0

    @property
    def sampler(self) -> MixedBatches:
        """Accelerate looks here for ``set_epoch`` when it has divided the batches among processes."""
        return self

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-len(self.repeated) // (self.labelled_per_batch * self.ratio))

    def __iter__(self) -> Iterator[list[Place]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        steps = len(self)
        labelled = self._labelled(steps * self.labelled_per_batch, rng)
        pseudo = shuffles(self.repeated, steps * self.labelled_per_batch * self.ratio, rng)
        places = [(False, again, clip) for again, clip in numbered(labelled)]
        pseudo_places = [(True, again, clip) for again, clip in numbered(pseudo)]
        turns = [
            turn
            for i, place in enumerate(places)
            for turn in (place, *pseudo_places[i * self.ratio : (i + 1) * self.ratio])
        ]
        return (turns[i : i + self.batch_size] for i in range(0, len(turns), self.batch_size))

    def _labelled(self, count: int, rng: np.random.Generator) -> np.ndarray:
        if not self.balanced:
            return shuffles(np.arange(len(self.labels)), count, rng)
        classes = np.unique(self.labels)
        each = -(-count // len(classes))
        by_class = [shuffles(np.flatnonzero(self.labels == number), each, rng) for number in classes]
        # Every class once in random order, then every class again: each piece of the list is balanced.
        return np.concatenate([rng.permutation(row) for row in np.stack(by_class, axis=1)])[:count]


def shuffles(items: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """``count`` items from one shuffle after another: no item comes again before every item has come."""
    rounds = [rng.permutation(items) for _ in range(-(-count // len(items)))]
    return np.concatenate(rounds)[:count]


def numbered(stream: np.ndarray) -> list[tuple[int, int]]:
    """Each item of a stream, after the number of times that it came before."""
    seen: dict[int, int] = {}
    pairs = []
    for item in stream.tolist():
        seen[item] = seen.get(item, -1) + 1
        pairs.append((seen[item], item))
    return pairs
