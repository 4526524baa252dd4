"""Clips of a crop cache as tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch.utils.data import Dataset, get_worker_info

from vidfer.crops import REGIONS, STATUS
from vidfer.data.encoded import EncodedCrops
from vidfer.data.sampling import segment_frames, uniform_frames
from vidfer.store.reader import CropCache

MISSING = STATUS.index("missing")


class ClipDataset(Dataset):
    """Some clips of a cache, each as a fixed number of frames, those with a face first, then black ones.

    Args:
        cache_path: file of the crop cache. It is opened in each process by itself, so any start method of
            workers is fine.
        clips: indices into the cache, in the order of the data set.
        labels: class number of each of ``clips``, or None where labels are unknown or not to be seen (-1).
        n_frames: frames T of every item; without ``training`` no more than the longest of the clips fills.
        training: random frames (a pure function of seed, epoch and clip), of which a shorter clip repeats
            some, instead of evenly spaced ones, of which a shorter clip has each once.
        seed: of the random frames.
        decode: ``worker``: whoever reads an item decodes its JPEGs. ``device``: ``crops`` are
            :class:`vidfer.data.encoded.EncodedCrops`, which whatever moves the batch to the network's device
            decodes there; a batch then needs :func:`vidfer.data.loader.collate_clips`. Raw crops are pixels
            either way.

    An item is a dict: ``crops`` uint8 (T, R, 3, S, S) RGB, ``frame_mask`` bool (T,), False for black ones,
    and as int64 scalars ``label``, ``clip`` (index into the cache) and ``size`` (how many frames with a face
    there were to choose from). A clip without any face is black throughout and has ``size`` 0.
    """

    def __init__(
        self,
        cache_path: Path | str,
        clips: Sequence[int],
        labels: Sequence[int] | None = None,
        *,
        n_frames: int,
        training: bool = False,
        seed: int = 0,
        decode: Literal["worker", "device"] = "worker",
    ):
        if labels is not None and len(labels) != len(clips):
            raise ValueError(f"{len(clips)} clips but {len(labels)} labels")
        if n_frames < 1:
            raise ValueError(f"n_frames must be at least 1, not {n_frames}")
        if decode not in ("worker", "device"):
            raise ValueError(f"decode must be 'worker' or 'device', not {decode!r}")
        self.cache = CropCache(cache_path)
        self.clips = np.asarray(clips, dtype=np.int64).reshape(-1)
        self.labels = np.full(len(self.clips), -1) if labels is None else np.asarray(labels, dtype=np.int64)
        self.n_frames = n_frames
        if not training:
            longest = max((self.cache.clips[clip].n_faces for clip in self.clips), default=0)
            self.n_frames = min(n_frames, max(longest, 1))
        self.training = training
        self.seed = seed
        self.encoded = decode == "device" and self.cache.header.codec == "jpeg"
        # In shared memory: workers that live on from epoch to epoch hold their own copy of this object.
        self._epoch = torch.zeros(1, dtype=torch.int64).share_memory_()

    def __len__(self) -> int:
        return len(self.clips)

    def set_epoch(self, epoch: int) -> None:
        """Choose the random frames of this epoch; also reaches workers that are already running."""
        self._epoch[0] = epoch

    def __getitem__(self, position: int) -> dict[str, torch.Tensor]:
        return self._item(position, None if self.encoded else self._room())

    def __getitems__(self, positions: Sequence[int]) -> list[dict[str, torch.Tensor]]:
        """The items of a batch; their crops lie in one tensor, which :func:`collate_clips` takes as it is."""
        if self.encoded:
            return [self._item(position, None) for position in positions]
        return [self._item(position, room) for position, room in zip(positions, self._room(len(positions)))]

    def _room(self, *batch: int) -> torch.Tensor:
        side = self.cache.size_px
        shape = (*batch, self.n_frames, len(REGIONS), 3, side, side)
        if get_worker_info() is None:
            return torch.empty(shape, dtype=torch.uint8)
        # A batch leaves a worker through shared memory; so it is made there at once.
        memory = torch.UntypedStorage._new_shared(math.prod(shape))
        return torch.empty(0, dtype=torch.uint8).set_(memory, 0, shape)

    def _item(self, position: int, room: torch.Tensor | None) -> dict[str, torch.Tensor]:
        """An item, with its crops in ``room``, or encoded when there is none."""
        clip = int(self.clips[position])
        frames, size = self._choose(clip)
        if room is None:
            different, place = np.unique(frames, return_inverse=True)
            shown = np.full(self.n_frames, -1)
            shown[: len(frames)] = place
            crops = EncodedCrops.of_clip(self.cache.jpegs(clip, different), shown, self.cache.size_px)
        else:
            self.cache.read(clip, frames, room[: len(frames)].numpy())
            room[len(frames) :] = 0
            crops = room
        return {
            "crops": crops,
            "frame_mask": torch.arange(self.n_frames) < len(frames),
            "label": torch.tensor(int(self.labels[position]), dtype=torch.int64),
            "clip": torch.tensor(clip, dtype=torch.int64),
            "size": torch.tensor(size, dtype=torch.int64),
        }

    def frames_of(self, position: int) -> np.ndarray:
        """The frames of the clip that the item at ``position`` shows in this epoch, without the black ones:
        what a film strip needs to name its pictures."""
        return self._choose(int(self.clips[position]))[0]

    def _choose(self, clip: int) -> tuple[np.ndarray, int]:
        if self.cache.clips[clip].n_faces == 0:
            return np.empty(0, dtype=np.int64), 0
        with_face = np.flatnonzero(self.cache.frames(clip).status != MISSING)
        if self.training:
            rng = np.random.default_rng([self.seed, int(self._epoch[0]), clip])
            chosen = segment_frames(len(with_face), self.n_frames, rng)
        else:
            chosen = uniform_frames(len(with_face), self.n_frames)
        return with_face[chosen], len(with_face)
