"""Clips of a crop cache as tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch.utils.data import Dataset, get_worker_info

from vidfer.crops import REGIONS, STATUS
from vidfer.data.encoded_crops import EncodedCrops
from vidfer.data.sampling import cap_frames, segment_frames, uniform_frames
from vidfer.store.reader import CropCache

MISSING = STATUS.index("missing")


class ClipDataset(Dataset):
    """Some clips of a cache as tensors, each with T frames.

    An item is a dict with ``crops`` uint8 (T, R, 3, S, S) RGB; ``frame_mask`` bool (T,), which is False for
    the black frames that fill up a short clip; and the int64 scalars ``label``, ``clip`` (index into the
    cache) and ``size`` (number of frames with a face). Frames without a face are never shown. A clip without
    any face is all black and has ``size`` 0.

    Args:
        cache_path: file of the crop cache. Each process opens it for itself, so workers may start in any way.
        clips: indices into the cache, in the order of the data set.
        labels: class number of each clip; None stands for -1, an unknown label.
        n_frames: frames T of every item. Without ``training``, T is at most the number of frames with a face
            in the longest clip.
        training: show random frames, which depend on seed, epoch and clip alone; a shorter clip repeats some.
            Without it, show evenly spaced frames; a shorter clip shows each of its frames once.
        seed: of the random frames.
        decode: ``worker`` decodes the JPEGs when an item is read. ``device`` leaves them encoded: ``crops``
            is then an :class:`vidfer.data.encoded_crops.EncodedCrops`, which decodes itself when it moves to
            the device, and batches need :func:`vidfer.data.loader.collate_clips`. Raw crops are pixels either
            way.
        regions: that the network looks at; the crops of the others stay black, which saves decoding them.

    Raises:
        ValueError: lists of different lengths, or an argument out of range.
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
        regions: Sequence[str] = REGIONS,
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
            self.n_frames = cap_frames(n_frames, (self.cache.clips[clip] for clip in self.clips))
        self.training = training
        self.seed = seed
        self.regions = tuple(regions)
        self.encoded = decode == "device" and self.cache.header.codec == "jpeg"
        # In shared memory, because workers that outlive an epoch have their own copy of this object.
        self._epoch = torch.zeros(1, dtype=torch.int64)
        with suppress(RuntimeError):  # there is none to be had, so there can be no workers: see build_loader
            self._epoch.share_memory_()

    def __len__(self) -> int:
        return len(self.clips)

    @property
    def n_with_face(self) -> int:
        """Number of clips that show a face."""
        return sum(self.cache.clips[clip].n_faces > 0 for clip in self.clips)

    def set_epoch(self, epoch: int) -> None:
        """Choose the random frames of this epoch, also in workers that are already running."""
        self._epoch[0] = epoch

    def __getitem__(self, position: int) -> dict[str, torch.Tensor]:
        return self._item(position, None if self.encoded else self._allocate())

    def __getitems__(self, positions: Sequence[int]) -> list[dict[str, torch.Tensor]]:
        """The items of a batch, with all crops in one tensor, which :func:`collate_clips` need not copy."""
        if self.encoded:
            return [self._item(position, None) for position in positions]
        return [self._item(position, row) for position, row in zip(positions, self._allocate(len(positions)))]

    def _allocate(self, *batch: int) -> torch.Tensor:
        side = self.cache.size_px
        shape = (*batch, self.n_frames, len(REGIONS), 3, side, side)
        if get_worker_info() is None:
            return torch.empty(shape, dtype=torch.uint8)
        # A worker hands its batch over in shared memory, so allocate it there at once.
        memory = torch.UntypedStorage._new_shared(math.prod(shape))
        return torch.empty(0, dtype=torch.uint8).set_(memory, 0, shape)

    def _item(self, position: int, pixels: torch.Tensor | None) -> dict[str, torch.Tensor]:
        """An item. Its crops are decoded into ``pixels``, or stay encoded if that is None."""
        clip = int(self.clips[position])
        frames, size = self._choose(clip)
        if pixels is None:
            unique, place = np.unique(frames, return_inverse=True)
            shown = np.full(self.n_frames, -1)
            shown[: len(frames)] = place
            jpegs = self.cache.jpegs(clip, unique)
            jpegs = [j if r in self.regions else j[:0] for j, r in zip(jpegs, cycle(REGIONS))]
            crops = EncodedCrops.of_clip(jpegs, shown, self.cache.size_px)
        else:
            self.cache.read(clip, frames, pixels[: len(frames)].numpy(), self.regions)
            pixels[len(frames) :] = 0
            crops = pixels
        return {
            "crops": crops,
            "frame_mask": torch.arange(self.n_frames) < len(frames),
            "label": torch.tensor(int(self.labels[position]), dtype=torch.int64),
            "clip": torch.tensor(clip, dtype=torch.int64),
            "size": torch.tensor(size, dtype=torch.int64),
        }

    def frames_of(self, position: int) -> np.ndarray:
        """Which frames of its clip the item at ``position`` shows in this epoch, (at most T,); a film strip
        needs them to name its pictures."""
        return self._choose(int(self.clips[position]))[0]

    def _choose(self, clip: int) -> tuple[np.ndarray, int]:
        record = self.cache.clips[clip]
        if record.n_faces == 0:
            return np.empty(0, dtype=np.int64), 0
        if record.n_faces == record.n_frames:  # nothing to look up, which matters for many single images
            with_face = np.arange(record.n_frames)
        else:
            with_face = np.flatnonzero(self.cache.frames(clip).status != MISSING)
        if self.training:
            rng = np.random.default_rng([self.seed, int(self._epoch[0]), clip])
            chosen = segment_frames(len(with_face), self.n_frames, rng)
        else:
            chosen = uniform_frames(len(with_face), self.n_frames)
        return with_face[chosen], len(with_face)
