"""Summed-area tables on an accelerator; :mod:`vidfer.crops.detect.summed_frames` explains them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


class DeviceFrames:
    """Gives the values of :class:`vidfer.crops.detect.summed_frames.SummedFrames` to the last digit, on any
    device with double precision. On a CPU it takes three times as long."""

    def __init__(self, images: Sequence[np.ndarray], device: torch.device) -> None:
        """
        Args:
            images: n of uint8 (H,W,3) RGB, all of one size.
            device: where the tables are.
        """
        images = np.ascontiguousarray(images)
        n, self.height, self.width = images.shape[:3]
        self.sizes = np.full((n, 2), (self.height, self.width))
        """(n,2) int64: height and width of each frame."""
        pixels = torch.from_numpy(images).to(device)
        self.tables = torch.zeros((n, self.height + 1, self.width + 1, 3), dtype=torch.int32, device=device)
        # Sums wrap around in very large frames; their differences do not.
        sums = pixels.cumsum(dim=1, dtype=torch.int32).cumsum(dim=2, dtype=torch.int32)
        self.tables[:, 1:, 1:] = sums

    def runs(self) -> list[tuple[int, int, int, int]]:
        """Frames of one size: first frame, frame behind the last, height, width."""
        return [(0, len(self.tables), self.height, self.width)]

    def resized(self, first: int, last: int, height: int, width: int) -> Tensor:
        """Frames ``first`` to ``last - 1`` at another size: float32 (n,height,width,3)."""
        device = self.tables.device
        top, bottom = _bins(torch.tensor([0, self.height], device=device), height)
        left, right = _bins(torch.tensor([0, self.width], device=device), width)
        weight = _weight((bottom - top)[:, None] * (right - left))
        tables = self.tables[first:last]
        rows = tables.index_select(1, bottom).sub_(tables.index_select(1, top))
        return _centred(rows.index_select(2, right).sub_(rows.index_select(2, left)), weight)

    def cut(self, rectangles: Tensor, frames: Tensor, size_px: int) -> Tensor:
        """Rectangles (k,4) of whole pixels, x1 y1 x2 y2 without the last ones, of the frames (k,), resized to
        float32 (k,size_px,size_px,3)."""
        rectangles = rectangles.long()
        left, right = _bins(rectangles[:, 0::2].T, size_px)
        top, bottom = _bins(rectangles[:, 1::2].T, size_px)
        weight = _weight((bottom - top)[:, :, None] * (right - left)[:, None])
        flat = self.tables.view(-1, 3)
        first = frames[:, None] * (self.height + 1)
        top, bottom = (((first + y) * (self.width + 1))[:, :, None] for y in (top, bottom))
        left, right = left[:, None], right[:, None]

        def read(places: Tensor) -> Tensor:
            return flat.index_select(0, places.flatten()).view(*places.shape, 3)

        sums = read(bottom + right).sub_(read(top + right)).sub_(read(bottom + left)).add_(read(top + left))
        return _centred(sums, weight)


def _bins(ends: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """First and behind-last pixel (..., n) of each of n bins between the ``ends`` (2,...), rounded outwards
    as PyTorch does, so neighbours may share a pixel."""
    first, length = ends[0, ..., None], (ends[1] - ends[0])[..., None]
    i = torch.arange(n, device=ends.device)
    return first + i * length // n, first - (-(i + 1) * length // n)


def _weight(area: Tensor) -> Tensor:
    return (1 / (128 * area.double()))[..., None].float()


def _centred(sums: Tensor, weight: Tensor) -> Tensor:
    return (sums * weight).sub_(127.5 / 128)
