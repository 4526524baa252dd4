"""Files like Google's face_landmarker.task, with the weights of any two networks."""

import zipfile
from pathlib import Path

import numpy as np
import torch
from tflite_writer import DEQUANTIZE, tflite_file
from torch import nn

from vidfer.models.encoders.face_blendshapes import FaceBlendshapes
from vidfer.models.encoders.face_landmarker_network import FaceLandmarks
from vidfer.models.pretrained.face_landmarker_file import BLENDSHAPES, LANDMARKS

CONCATENATION, CONVOLUTION, DEPTHWISE, MULTIPLY, PRELU = 2, 3, 4, 18, 54


def write_task(path: Path, landmarks: FaceLandmarks, blendshapes: FaceBlendshapes) -> Path:
    """A zip file of both networks as the released one has it: half precision, TensorFlow's layout."""
    with zipfile.ZipFile(path, "w") as content:
        content.writestr(LANDMARKS, as_tflite(landmarks, presence=True))
        content.writestr(BLENDSHAPES, as_tflite(blendshapes))
    return path


def as_tflite(network: nn.Module, *, presence: bool = False) -> bytes:
    """A file with the weights of a network, one operator after the other; it does not run.

    ``presence`` adds a branch that vidfer does not read.
    """
    tensors, operators, last = {"input": (1, 4), "scalar": np.array(0.5, np.float32)}, [], "input"

    def constant(array: torch.Tensor) -> str:
        name = f"weight{len(tensors)}"
        tensors[f"{name}_half"] = array.detach().half().numpy().copy()
        tensors[name] = tuple(array.shape)
        operators.append((DEQUANTIZE, [f"{name}_half"], [name]))
        return name

    def operator(code: int, inputs: list[str], shape: tuple[int, ...] = (1, 4)) -> None:
        nonlocal last
        name = f"value{len(tensors)}"
        tensors[name] = shape
        operators.append((code, [last, *inputs], [name]))
        last = name

    operator(MULTIPLY, ["scalar"])
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            depthwise = module.groups > 1
            weight = module.weight.permute(1, 2, 3, 0) if depthwise else module.weight.permute(0, 2, 3, 1)
            code = DEPTHWISE if depthwise else CONVOLUTION
            operator(code, [constant(weight), constant(module.bias)])
        elif isinstance(module, nn.PReLU):
            operator(PRELU, [constant(module.weight[None, None])])
        elif isinstance(module, nn.Linear):
            operator(CONVOLUTION, [constant(module.weight[:, None, None]), constant(module.bias)])
        elif isinstance(module, nn.LayerNorm):
            operator(MULTIPLY, [constant(module.weight)])
        elif hasattr(module, "token"):
            operator(CONCATENATION, [constant(module.token[None])])
    if presence:
        operator(CONVOLUTION, [constant(torch.ones(1, 2, 2, 128)), constant(torch.ones(1))], (1, 1))
    return tflite_file(tensors, operators, ["input"], [last])


def random_weights(network: nn.Module) -> nn.Module:
    """The network with other random numbers in every tensor, such as half precision holds."""
    for parameter in network.parameters():
        parameter.data = (torch.randn_like(parameter) * 0.1).half().float()
    return network
