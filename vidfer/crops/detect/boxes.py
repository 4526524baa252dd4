"""Geometry of face boxes, with MTCNN's way of counting pixels."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def square(boxes: Tensor) -> Tensor:
    """Make boxes (k,4) xyxy square around their centres, with their longer side."""
    size = boxes[:, 2:] - boxes[:, :2]
    half = size.amax(dim=1, keepdim=True) / 2
    centre = boxes[:, :2] + size / 2
    return torch.cat([centre - half, centre + half], dim=1)


def regress(boxes: Tensor, offsets: Tensor, pixel: float) -> Tensor:
    """Move the sides of boxes (k,4) by offsets (k,4), given as shares of width and height.

    ``pixel`` is what MTCNN adds to the size of a box: 1 after R-Net and O-Net, 0 after P-Net.
    """
    size = boxes[:, 2:] - boxes[:, :2] + pixel
    return boxes + offsets * size.repeat(1, 2)


def inside(boxes: Tensor, limits: Tensor) -> Tensor:
    """The rectangles of whole pixels that MTCNN cuts out for boxes (k,4), clipped to their frames.

    ``limits`` has width and height of the frame of each box, (k,2), or those of all, (1,2).
    """
    whole = boxes.trunc()
    top_left = whole[:, :2].clamp(min=1) - 1
    return torch.cat([top_left, torch.minimum(whole[:, 2:], limits)], dim=1)


def is_solid(boxes: Tensor) -> Tensor:
    """Which boxes (k,4) have an area: bool (k,)."""
    return (boxes[:, 2:] > boxes[:, :2]).all(dim=1)


def suppress_contained(
    boxes: np.ndarray, scores: np.ndarray, images: np.ndarray, threshold: float
) -> np.ndarray:
    """MTCNN's last suppression, which drops a face inside another: positions of the boxes that stay, best
    first.

    Of two boxes, the one with the lower score goes if they share more than ``threshold`` of the *smaller*
    area.

    Args:
        boxes: (k,4) xyxy.
        scores: (k,).
        images: (k,) the image of each box; only boxes of the same image are compared.
        threshold: share of the smaller area, 0..1.
    """
    size = boxes[:, 2:] - boxes[:, :2] + 1
    area = size.prod(axis=1)
    overlap = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - np.maximum(
        boxes[:, None, :2], boxes[None, :, :2]
    )
    shared = np.maximum(overlap + 1, 0).prod(axis=2) / np.minimum(area[:, None], area[None, :])
    meets = (shared > threshold) & (images[:, None] == images[None, :])
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable"):
        if not meets[i, kept].any():
            kept.append(int(i))
    return np.array(kept, dtype=np.int64)


def overlap(boxes: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes (k,4) with one box (4,)."""
    shared = np.maximum(np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2]), 0).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return shared / np.maximum(areas + (box[2:] - box[:2]).prod() - shared, 1e-9)


def distance(boxes: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Distance (k,) of boxes (k,4) to one box (4,): shift of the centre in box sides, plus log of the
    growth."""
    sides = np.sqrt(np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1e-9))
    side = np.sqrt(max((box[2:] - box[:2]).prod(), 1e-9))
    shift = np.linalg.norm(boxes[:, :2] + boxes[:, 2:] - box[:2] - box[2:], axis=1) / 2
    return shift / np.sqrt(sides * side) + np.abs(np.log(sides / side))


def longer_side(boxes: np.ndarray) -> np.ndarray:
    """The longer side (k,1) of boxes (k,4), at least one pixel."""
    return np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True), 1)
