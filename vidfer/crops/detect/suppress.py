"""Non-maximum suppression: torchvision's operator without importing torchvision.

The import costs a worker process more than a second, most of it for torch's compiler. The operator itself is
in a library that torch can load alone.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor


def suppress(boxes: Tensor, scores: Tensor, groups: Tensor, threshold: float) -> Tensor:
    """Drop the box with the lower score of any two whose intersection over union is above ``threshold``.

    Args:
        boxes: (k,4) float32 xyxy.
        scores: (k,).
        groups: (k,) int64; only boxes of the same group are compared.
        threshold: intersection over union, 0..1.

    Returns:
        Positions of the boxes that stay, the best first.
    """
    nms = _operator()
    if boxes.is_cuda:  # one call for all: each group is moved apart, exactly in double precision
        apart = groups.double()[:, None] * (boxes.abs().max() * 4 + 4) if len(boxes) else 0
        return nms(boxes.double() + apart, scores.double(), threshold)
    kept = [torch.zeros(0, dtype=torch.int64)]
    for group in groups.unique():
        own = torch.nonzero(groups == group)[:, 0]
        kept.append(own[nms(boxes[own], scores[own], threshold)])
    positions = torch.cat(kept)
    return positions[scores[positions].argsort(descending=True, stable=True)]


@cache
def _operator():
    for library in sorted(Path(find_spec("torchvision").origin).parent.glob("_C*")):
        torch.ops.load_library(library)
    if not hasattr(torch.ops.torchvision, "nms"):  # a torchvision that is packed in another way
        import torchvision  # noqa: F401
    return torch.ops.torchvision.nms
