"""Reads frames at any size: the pyramid for P-Net, and the cuts for R-Net and O-Net."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import cv2
import numpy as np
import torch
from torch import Tensor


class SummedFrames:
    """Summed-area tables of frames: the mean over any rectangle costs four reads.

    An entry of the table is the sum of all pixels above and to the left of it. MTCNN resizes by means over
    rectangles of whole pixels ("area" in PyTorch). With the tables, its whole pyramid and all its cuts cost
    one pass over the frame, whatever the size of the faces. The values are equal to MTCNN's to the last
    digit, and so are the faces. Values are normalised as in training: (x - 127.5) / 128.
    """

    def __init__(self, images: Sequence[np.ndarray], memory: np.ndarray | None = None) -> None:
        """
        Args:
            images: n of uint8 (H,W,3) RGB; those of the same size stand beside each other.
            memory: tables of frames that are no longer needed. They are overwritten if they are large enough:
                new memory from the system costs more than the sums.
        """
        self.sizes = np.array([image.shape[:2] for image in images]).reshape(-1, 2)
        """(n,2) int64: height and width of each frame."""
        n_entries = (self.sizes + 1).prod(axis=1)
        self._first = np.concatenate([[0], n_entries.cumsum()])
        n_all = int(self._first[-1])
        is_enough = memory is not None and len(memory) >= n_all
        self.memory = memory if is_enough else np.empty((n_all, 3), np.int32)
        for i, image in enumerate(images):
            cv2.integral(image, sum=self._tables(i, i + 1)[0])

    def runs(self) -> list[tuple[int, int, int, int]]:
        """Frames of one size: first frame, frame behind the last, height, width."""
        runs, first = [], 0
        for (height, width), frames in groupby(map(tuple, self.sizes.tolist())):
            n = sum(1 for _ in frames)
            runs.append((first, first + n, height, width))
            first += n
        return runs

    def resized(self, first: int, last: int, height: int, width: int) -> Tensor:
        """Frames ``first`` to ``last - 1``, which have one size, at another size: float32
        (n,height,width,3)."""
        tables = self._tables(first, last)
        top, bottom = _bins(np.array([0, tables.shape[1] - 1]), height)
        left, right = _bins(np.array([0, tables.shape[2] - 1]), width)
        rows = np.take(tables, bottom, axis=1)
        rows -= np.take(tables, top, axis=1)
        sums = np.take(rows, right, axis=2)
        sums -= np.take(rows, left, axis=2)
        return _means(sums, (bottom - top)[None], (right - left)[None])

    def cut(self, rectangles: Tensor, frames: Tensor, size_px: int) -> Tensor:
        """Rectangles (k,4) of whole pixels, x1 y1 x2 y2 without the last ones, of the frames (k,), resized to
        float32 (k,size_px,size_px,3)."""
        rectangles, frames = rectangles.numpy().astype(np.int64), frames.numpy()
        left, right = _bins(rectangles[:, 0::2].T, size_px)
        top, bottom = _bins(rectangles[:, 1::2].T, size_px)
        heights, widths = bottom - top, right - left
        first, row = self._first[frames][:, None], self.sizes[frames, 1:] + 1
        top, bottom = ((first + y * row)[:, :, None] for y in (top, bottom))
        left, right = left[:, None], right[:, None]
        sums = np.take(self.memory, bottom + right, axis=0)
        sums -= np.take(self.memory, top + right, axis=0)
        sums -= np.take(self.memory, bottom + left, axis=0)
        sums += np.take(self.memory, top + left, axis=0)
        return _means(sums, heights, widths)

    def _tables(self, first: int, last: int) -> np.ndarray:
        """The tables (n,H+1,W+1,3) of frames of one size."""
        height, width = self.sizes[first] + 1
        return self.memory[self._first[first] : self._first[last]].reshape(-1, height, width, 3)


def cut_one_each(
    images: Sequence[np.ndarray], frames: np.ndarray, rectangles: np.ndarray, size_px: int
) -> Tensor:
    """Cut few rectangles (k,4) of whole pixels, one in each of the ``frames`` (k,), without tables.

    Where a rectangle has at least twice the wanted size, blocks of pixels are averaged first, which saves
    most of the work. So values differ a little from those of :meth:`SummedFrames.cut`.

    Returns:
        float32 (k,size_px,size_px,3).
    """
    cuts = np.empty((len(rectangles), size_px, size_px, 3), np.float32)
    for cut, frame, (x1, y1, x2, y2) in zip(cuts, frames, rectangles.tolist()):
        block = max(1, min(x2 - x1, y2 - y1) // (2 * size_px))
        part = images[frame][y1:y2, x1:x2]
        if block > 1:
            width, height = (x2 - x1) // block, (y2 - y1) // block
            part = part[: height * block, : width * block]
            part = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
        cut[:] = cv2.resize(part, (size_px, size_px), interpolation=cv2.INTER_AREA)
    cuts *= np.float32(1 / 128)
    return torch.from_numpy(_centred(cuts))


def _bins(ends: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """First and behind-last pixel (..., n) of each of n bins between the ``ends`` (2,...), rounded outwards
    as PyTorch does, so neighbours may share a pixel."""
    first, length, i = ends[0, ..., None], (ends[1] - ends[0])[..., None], np.arange(n)
    return first + i * length // n, first - (-(i + 1) * length // n)


def _means(sums: np.ndarray, heights: np.ndarray, widths: np.ndarray) -> Tensor:
    """Normalised means from sums (n,h,w,3) over rectangles with these heights (n,h) and widths (n,w), or
    (1,h) and (1,w) for all."""
    n, height, width, _ = sums.shape
    # Rows of width times colour: numpy is slow with an innermost axis of three.
    widths = np.repeat(widths, 3, axis=1)
    area = (128 * heights.astype(np.float32))[:, :, None] * widths.astype(np.float32)[:, None]
    values = sums.reshape(n, height, 3 * width).astype(np.float32)
    values *= np.float32(1) / area
    return torch.from_numpy(_centred(values).reshape(n, height, width, 3))


def _centred(values: np.ndarray) -> np.ndarray:
    values -= np.float32(127.5 / 128)
    return values
