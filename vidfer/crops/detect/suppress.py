"""Non-maximum suppression: torchvision's operator without importing torchvision.

The import costs a worker process more than a second, most of it for torch's compiler. The operator itself is
in a library that torch can load alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

BOXES_AT_ONCE = 256
"""About so many boxes of small groups are compared at once."""


def suppress(boxes: Tensor, scores: Tensor, groups: Tensor, threshold: float) -> Tensor:
    """Drop the box with the lower score of any two whose intersection over union is above ``threshold``.

    Args:
        boxes: (k,4) float32 xyxy.
        scores: (k,).
        groups: (k,) int64; only boxes of the same group are compared.
        threshold: intersection over union, 0..1.

    Returns:
        Positions of the boxes that stay, group by group and the best first.
    """
    if not len(boxes):
        return torch.zeros(0, dtype=torch.int64, device=boxes.device)
    nms = _operator()
    # Groups are moved apart, exactly in double precision.
    step = boxes.abs().max().double() * 4 + 4
    pieces = []
    for rows in _pieces(groups):
        near = groups[rows] - groups[rows].min()
        pieces.append(
            rows[nms(boxes[rows].double() + near[:, None] * step, scores[rows].double(), threshold)]
        )
    kept = torch.cat(pieces)
    return kept[groups[kept].argsort(stable=True)]


def _pieces(groups: Tensor) -> Iterator[Tensor]:
    """Positions of whole groups, some groups at a time: a call of the operator costs something, and so does
    each pair of boxes. A GPU compares all pairs at once."""
    if groups.is_cuda:
        yield torch.arange(len(groups), device=groups.device)
        return
    order = groups.argsort(stable=True)
    sizes = groups[order].unique_consecutive(return_counts=True)[1]
    piece = (sizes.cumsum(0) - sizes) // BOXES_AT_ONCE
    lengths = torch.zeros(int(piece[-1]) + 1, dtype=torch.int64).index_add_(0, piece, sizes)
    yield from order.split(lengths[lengths > 0].tolist())


@cache
def _operator():
    for library in sorted(Path(find_spec("torchvision").origin).parent.glob("_C*")):
        torch.ops.load_library(library)
    if not hasattr(torch.ops.torchvision, "nms"):  # a torchvision that is packed in another way
        import torchvision  # noqa: F401
    return torch.ops.torchvision.nms
