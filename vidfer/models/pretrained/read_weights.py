"""Read a file of published weights without running anything that is in it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from vidfer.errors import CheckpointError

WRAPPERS = ("state_dict", "model_state_dict", "model", "module", "net")
"""Keys under which training scripts keep the state dict, beside the epoch, the optimiser and the like."""

PREFIXES = ("module.", "_orig_mod.", "model.", "backbone.")
"""What a wrapper of the network (processes, a compiler, a task) puts before the name of each tensor."""


def read_weights(path: Path, remedy: str) -> dict[str, Tensor]:
    """The state dict in a file, without the wrappers around it, on the CPU.

    Args:
        path: a ``.safetensors`` file, or any file of torch, which is read with ``weights_only=True``.
        remedy: what to give instead; the end of each error message.

    Raises:
        CheckpointError: there is no such file, or no state dict in it that can be read safely.
    """
    if not path.is_file():
        raise CheckpointError(f"there is no file of weights at {path}; {remedy}")
    try:
        if path.suffix == ".safetensors":
            loaded: Any = load_file(path)
        else:
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, SafetensorError) as error:
        raise CheckpointError(f"{path} is no file of weights that can be read safely; {remedy}") from error
    return without_prefixes(_state_dict(loaded, path, remedy))


def without_prefixes(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights without a prefix of :data:`PREFIXES` that all their names share."""
    found = next((p for p in PREFIXES if weights and all(name.startswith(p) for name in weights)), None)
    if found is None:
        return weights
    return without_prefixes({name.removeprefix(found): tensor for name, tensor in weights.items()})


def _state_dict(loaded: Any, path: Path, remedy: str) -> dict[str, Tensor]:
    """The table of tensors by name, however deep training scripts have put it."""
    if isinstance(loaded, dict):
        if loaded and all(isinstance(tensor, Tensor) for tensor in loaded.values()):
            return {str(name): tensor for name, tensor in loaded.items()}
        for wrapper in WRAPPERS:
            if isinstance(loaded.get(wrapper), dict):
                return _state_dict(loaded[wrapper], path, remedy)
    has = f" (it has {', '.join(map(str, [*loaded][:5]))})" if isinstance(loaded, dict) and loaded else ""
    raise CheckpointError(f"{path} is not a state dict{has}; {remedy}")
