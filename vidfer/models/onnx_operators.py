"""What PyTorch cannot write as ONNX by itself, though ONNX has it: resizing with antialiasing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

FIRST_OPSET = 18
"""The first version of ONNX's operators whose Resize has antialiasing."""
RESIZING = {
    "aten::_upsample_bicubic2d_aa": {"mode_s": "cubic", "cubic_coeff_a_f": -0.5, "exclude_outside_i": 1},
}
"""PyTorch's operators, and how ONNX's Resize does the same. Networks of timm bring the positions of their
patches to the size of the crops with it. -0.5 is PyTorch's coefficient with antialiasing."""


@contextmanager
def antialiased_resizing() -> Iterator[None]:
    """Networks that resize images with antialiasing can be written as ONNX in this block."""
    for name, how in RESIZING.items():
        torch.onnx.register_custom_op_symbolic(name, _resize(how), FIRST_OPSET)
    try:
        yield
    finally:
        for name in RESIZING:
            torch.onnx.unregister_custom_op_symbolic(name, FIRST_OPSET)


def _resize(how: dict[str, Any]) -> Any:
    """The function that gives one operator in ONNX, as the exporter calls it."""

    def symbolic(g: Any, images: Any, size: Any, align_corners: Any, *scales: Any) -> Any:
        def constant(values: list, kind: torch.dtype) -> Any:
            return g.op("Constant", value_t=torch.tensor(values, dtype=kind))

        first, two = constant([0], torch.int64), constant([2], torch.int64)
        batch_and_channels = g.op("Slice", g.op("Shape", images), first, two, first)
        sizes = g.op("Concat", batch_and_channels, g.op("Cast", size, to_i=7), axis_i=0)
        unused = constant([], torch.float32)
        place = {"antialias_i": 1, "coordinate_transformation_mode_s": "half_pixel"}
        return g.op("Resize", images, unused, unused, sizes, **place, **how)

    return symbolic
