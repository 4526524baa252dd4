"""Build networks without memory for their weights, to learn their shapes and names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

DRAWS = frozenset({torch.Tensor.normal_, torch.Tensor.uniform_, torch.Tensor.erfinv_})
"""How layers draw their first weights."""


class _NothingDrawn(TorchFunctionMode):
    """Leaves out drawing weights. On the device "meta" it has no effect, but PyTorch imports its compiler for
    it, which takes longer than all else that loading a network does."""

    def __torch_function__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        return args[0] if function in DRAWS else function(*args, **(kwargs or {}))


@contextmanager
def without_weights() -> Iterator[None]:
    """Tensors made in this block are on the device "meta": they have a shape and take no memory."""
    with torch.device("meta"), _NothingDrawn():
        yield
