"""Reads frames at any size: the pyramid for P-Net, and the cuts for R-Net and O-Net."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor


class SummedFrames:
    """Summed-area tables of frames of one size: the mean over any rectangle costs four reads.

    An entry of the table is the sum of all pixels above and to the left of it. MTCNN resizes by means over
    rectangles of whole pixels ("area" in PyTorch). With the tables, its whole pyramid and all its cuts cost
    one pass over the frame, whatever the size of the faces. The values are equal to MTCNN's to the last
    digit, and so are the faces. Values are normalised as in training: (x - 127.5) / 128.
    """

    def __init__(self, images: np.ndarray, memory: np.ndarray | None = None) -> None:
        """
        Args:
            images: uint8 (n,H,W,3) RGB.
            memory: tables of frames of the same shape that are no longer needed. They are overwritten: new
                memory from the system costs more than the sums.
        """
        n, self.height, self.width = images.shape[:3]
        shape = (n, self.height + 1, self.width + 1, 3)
        self.tables = memory if memory is not None and memory.shape == shape else np.empty(shape, np.int32)
        for image, table in zip(images, self.tables):
            cv2.integral(image, sum=table)

    def resized(self, height: int, width: int) -> Tensor:
        """All frames at another size: float32 (n,height,width,3)."""
        top, bottom = _bins(np.array([0, self.height]), height)
        left, right = _bins(np.array([0, self.width]), width)
        weight = _weight((bottom - top)[:, None] * (right - left))
        small = np.empty((len(self.tables), height, width, 3), np.float32)
        for table, out in zip(self.tables, small):
            rows = np.take(table, bottom, axis=0)
            rows -= np.take(table, top, axis=0)
            np.multiply(
                np.take(rows, right, axis=1) - np.take(rows, left, axis=1),
                weight,
                out=out,
                casting="same_kind",
            )
        return torch.from_numpy(_centred(small))

    def cut(self, rectangles: Tensor, frames: Tensor, size_px: int) -> Tensor:
        """Rectangles (k,4) of whole pixels, x1 y1 x2 y2 without the last ones, of the frames (k,), resized to
        float32 (k,size_px,size_px,3)."""
        rectangles, frames = rectangles.numpy().astype(np.int64), frames.numpy()
        left, right = _bins(rectangles[:, 0::2].T, size_px)
        top, bottom = _bins(rectangles[:, 1::2].T, size_px)
        weight = _weight((bottom - top)[:, :, None] * (right - left)[:, None])
        flat = self.tables.reshape(-1, 3)
        first = frames[:, None] * (self.height + 1)
        top, bottom = (((first + y) * (self.width + 1))[:, :, None] for y in (top, bottom))
        left, right = left[:, None], right[:, None]
        sums = np.take(flat, bottom + right, axis=0)
        sums -= np.take(flat, top + right, axis=0)
        sums -= np.take(flat, bottom + left, axis=0)
        sums += np.take(flat, top + left, axis=0)
        return torch.from_numpy(_centred(np.multiply(sums, weight, dtype=np.float32)))


def cut_one_each(images: np.ndarray, frames: np.ndarray, rectangles: np.ndarray, size_px: int) -> Tensor:
    """Cut few rectangles (k,4) of whole pixels, one in each of the ``frames`` (k,), without tables.

    Where a rectangle has at least twice the wanted size, blocks of pixels are averaged first, which saves
    most of the work. So values differ a little from those of :meth:`SummedFrames.cut`.

    Returns:
        float32 (k,size_px,size_px,3).
    """
    cuts = np.empty((len(rectangles), size_px, size_px, 3), np.float32)
    for cut, frame, (x1, y1, x2, y2) in zip(cuts, frames, rectangles.tolist()):
        block = max(1, min(x2 - x1, y2 - y1) // (2 * size_px))
        part = images[frame, y1:y2, x1:x2]
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


def _weight(area: np.ndarray) -> np.ndarray:
    return (1 / (128 * area))[..., None].astype(np.float32)


def _centred(values: np.ndarray) -> np.ndarray:
    values -= np.float32(127.5 / 128)
    return values
