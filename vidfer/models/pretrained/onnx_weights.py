"""Read the weights of a network of convolutions from an ONNX file, whose batch normalisation is folded in."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from vidfer.errors import CheckpointError, MissingPackageError


def onnx_weights(path: Path, network: nn.Module, remedy: str) -> dict[str, Tensor]:
    """The state dict of a network from the convolutions of an ONNX file, in the order in which they run.

    Exporting a network for use folds each batch normalisation into the convolution before it: the file has a
    kernel and a bias in their place. Here the normalisation becomes one of mean 0, variance 1 and that bias,
    which gives the same numbers. The classifier at the end is left out.

    Args:
        path: the ONNX file. Only its graph is read; nothing is run.
        network: has the same convolutions, defined in the order in which they run.
        remedy: what to give instead; the end of each error message.

    Raises:
        MissingPackageError: onnx is not installed.
        CheckpointError: the file is missing, no ONNX file, or one of another network.
    """
    found = _convolutions(path, remedy)
    wanted = _pairs(network)
    if len(found) != len(wanted):
        raise CheckpointError(
            f"{path} has {len(found)} convolutions, and this network has {len(wanted)}; {remedy}"
        )
    state = {}
    for (kernel, bias), (conv_name, conv, norm_name, norm) in zip(found, wanted):
        if kernel.shape != conv.weight.shape:
            raise CheckpointError(
                f"a kernel of {path} is {tuple(kernel.shape)} where {conv_name} is "
                f"{tuple(conv.weight.shape)}; {remedy}"
            )
        bias = kernel.new_zeros(len(kernel)) if bias is None else bias
        state[f"{conv_name}.weight"] = kernel
        if norm is None:
            state[f"{conv_name}.bias"] = bias
            continue
        state |= {
            f"{norm_name}.weight": torch.ones_like(bias),
            f"{norm_name}.bias": bias,
            f"{norm_name}.running_mean": torch.zeros_like(bias),
            f"{norm_name}.running_var": torch.full_like(bias, 1 - norm.eps),  # eps is added to it
            f"{norm_name}.num_batches_tracked": torch.zeros((), dtype=torch.int64),
        }
    return state


def _convolutions(path: Path, remedy: str) -> list[tuple[Tensor, Tensor | None]]:
    """Kernel and bias of each convolution of the graph."""
    try:
        import onnx
        from google.protobuf.message import DecodeError
        from onnx import numpy_helper
    except ImportError as error:
        raise MissingPackageError(
            f"{path} is an ONNX file, which needs a package that is not installed: pip install 'vidfer[onnx]'"
        ) from error
    if not path.is_file():
        raise CheckpointError(f"there is no file of weights at {path}; {remedy}")
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
        tensors = {one.name: one for one in graph.initializer}
        found = []
        for node in graph.node:
            if node.op_type == "BatchNormalization":
                raise CheckpointError(f"{path} has batch normalisation that is not folded in; {remedy}")
            if node.op_type == "Conv":
                parts = [torch.tensor(numpy_helper.to_array(tensors[name])) for name in node.input[1:]]
                found.append((parts[0], parts[1] if len(parts) > 1 else None))
    except (DecodeError, KeyError, ValueError, TypeError, IndexError) as error:
        raise CheckpointError(f"{path} is no ONNX file of a trained network; {remedy}") from error
    return found


def _pairs(network: nn.Module) -> list[tuple[str, nn.Conv2d, str, nn.BatchNorm2d | None]]:
    """Each convolution with the batch normalisation that follows it, if one does."""
    pairs: list[tuple[str, nn.Conv2d, str, nn.BatchNorm2d | None]] = []
    waits = False
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            pairs.append((name, module, "", None))
            waits = module.bias is None
        elif isinstance(module, nn.BatchNorm2d) and waits:
            pairs[-1] = (*pairs[-1][:2], name, module)
            waits = False
    return pairs
