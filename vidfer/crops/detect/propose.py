"""P-Net on a pyramid of sizes: squares in which a face may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from vidfer.crops.detect.boxes import regress, square
from vidfer.crops.detect.device_frames import DeviceFrames
from vidfer.crops.detect.nets import PNet
from vidfer.crops.detect.summed_frames import SummedFrames
from vidfer.crops.detect.suppress import suppress

FACTOR = 0.709
"""Size of a level of the pyramid in sizes of the level before; MTCNN's sqrt(1/2)."""
CELL_PX = 12
"""Side of the square that one output of P-Net sees."""
STRIDE_PX = 2
"""P-Net has one output for every second pixel."""
PIXELS_AT_ONCE = 2**24
"""Pixels that go through P-Net together, to fill a GPU."""
PIXELS_AT_ONCE_CPU = 2**15
"""The same on a CPU; few enough to stay in its caches."""
MOST_LEVELS = 64
"""More than a pyramid can have."""


@dataclass(frozen=True)
class Level:
    """Frames of one size, at another size."""

    first: int
    last: int
    """The first frame, and the one behind the last."""
    number: int
    """In the pyramid; the largest level is 0."""
    scale: float
    """Size of the level in sizes of the frame."""

    def __len__(self) -> int:
        return self.last - self.first


def propose(
    frames: SummedFrames | DeviceFrames,
    net: PNet,
    min_face_px: Callable[[int, int], float],
    threshold: float,
) -> tuple[Tensor, Tensor]:
    """Find the squares of all frames that P-Net takes for faces.

    Levels of one size go through P-Net together, also those of frames of different sizes: small pictures are
    searched from faces of a quarter of their short side on, so that their pyramids are alike.

    Args:
        frames: n frames.
        net: P-Net.
        min_face_px: side of the smallest face to search for, from height and width of a frame.
        threshold: lowest score.

    Returns:
        Squares (k,4) and the frame of each (k,), frame by frame and the best first.
    """
    device = net.last_weight.device
    at_once = PIXELS_AT_ONCE_CPU if device.type == "cpu" else PIXELS_AT_ONCE
    log_odds = float(np.log(threshold) - np.log1p(-threshold))
    found = [
        _search(frames, net, piece, size, log_odds)
        for size, levels in _levels_by_size(frames, min_face_px).items()
        for piece in _pieces(levels, max(1, at_once // (size[0] * size[1])))
    ]
    if not found:
        return torch.zeros((0, 4), device=device), torch.zeros(0, dtype=torch.int64, device=device)
    boxes, scores, offsets, owner, level = (torch.cat(x) for x in zip(*found))
    # In an order that does not depend on the sizes of other frames; it counts where scores are equal.
    group = owner * MOST_LEVELS + level
    order = group.argsort(stable=True)
    boxes, scores, offsets, owner, group = (x[order] for x in (boxes, scores, offsets, owner, group))
    kept = suppress(boxes, scores, group, 0.5)
    kept = kept[suppress(boxes[kept], scores[kept], owner[kept], 0.7)]
    return square(regress(boxes[kept], offsets[kept], pixel=0)), owner[kept]


def _levels_by_size(
    frames: SummedFrames | DeviceFrames, min_face_px: Callable[[int, int], float]
) -> dict[tuple[int, int], list[Level]]:
    """The levels of all pyramids, by their height and width."""
    levels: dict[tuple[int, int], list[Level]] = {}
    for first, last, height, width in frames.runs():
        number, scale = 0, CELL_PX / min_face_px(height, width)
        while min(height, width) * scale >= CELL_PX:
            size = int(height * scale + 1), int(width * scale + 1)
            levels.setdefault(size, []).append(Level(first, last, number, scale))
            number, scale = number + 1, scale * FACTOR
    return levels


def _pieces(levels: list[Level], step: int) -> Iterator[list[Level]]:
    """The levels in pieces of at most ``step`` frames."""
    piece: list[Level] = []
    for level in levels:
        for first in range(level.first, level.last, step):
            part = replace(level, first=first, last=min(first + step, level.last))
            if sum(map(len, piece)) + len(part) > step:
                yield piece
                piece = []
            piece.append(part)
    if piece:
        yield piece


def _search(
    frames: SummedFrames | DeviceFrames, net: PNet, levels: list[Level], size: tuple[int, int], least: float
) -> tuple[Tensor, ...]:
    """Run P-Net on levels of one size.

    Returns:
        Boxes (k,4), log-odds of a face (k,), offsets (k,4), frames (k,) and numbers of the level (k,) of what
        is at least as likely a face as ``least``.
    """
    resized = [frames.resized(level.first, level.last, *size) for level in levels]
    images = torch.cat(resized) if len(resized) > 1 else resized[0]
    log_odds, offsets = net(images.permute(0, 3, 1, 2))  # channels-last order: a third faster on a CPU
    image, row, column = torch.nonzero(log_odds >= least, as_tuple=True)
    values = [
        (frame, level.number, level.scale) for level in levels for frame in range(level.first, level.last)
    ]
    owner, number, scale = (torch.tensor(column, device=images.device)[image] for column in zip(*values))
    corner = torch.stack([column, row], dim=1) * STRIDE_PX
    first, last = (((corner + edge) / scale[:, None]).floor() for edge in (1, CELL_PX))
    boxes = torch.cat([first, last], dim=1)
    return boxes, log_odds[image, row, column], offsets[image, row, column], owner, number
