"""Clips of several crop caches as one data set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.data import Dataset

from vidfer.data.dataset import ClipDataset


class JoinedClips(Dataset):
    """Several data sets of clips, end to end. ``clip`` in an item is the index into that item's own cache.

    Args:
        parts: data sets with the same crop size and the same number of frames.
    """

    def __init__(self, parts: Sequence[ClipDataset]) -> None:
        self.parts = tuple(parts)
        self.cache = parts[0].cache  # for messages
        self._start = np.cumsum([0, *(len(part) for part in parts)])

    @property
    def labels(self) -> np.ndarray:
        """Class number of each clip; -1 where it is unknown."""
        return np.concatenate([part.labels for part in self.parts])

    def __len__(self) -> int:
        return int(self._start[-1])

    def set_epoch(self, epoch: int) -> None:
        for part in self.parts:
            part.set_epoch(epoch)

    def __getitem__(self, position: int) -> dict[str, torch.Tensor]:
        part = self._part(position)
        return self.parts[part][position - int(self._start[part])]

    def __getitems__(self, positions: Sequence[int]) -> list[dict[str, torch.Tensor]]:
        """The items of a batch; a batch from one part lies in one tensor, see :class:`ClipDataset`."""
        part = self._part(positions[0])
        if all(self._part(position) == part for position in positions):
            return self.parts[part].__getitems__([p - int(self._start[part]) for p in positions])
        return [self[position] for position in positions]

    def _part(self, position: int) -> int:
        return int(np.searchsorted(self._start, position, side="right")) - 1
