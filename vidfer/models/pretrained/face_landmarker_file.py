"""Google's released file ``face_landmarker.task`` as weights of the encoder face_landmarker."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from vidfer.errors import CheckpointError
from vidfer.models.pretrained.tflite_file import TfliteGraph, read_tflite

URL = (
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/"
    "face_landmarker.task"
)
SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
LICENCE = "Apache-2.0"
REMEDY = f"name the face_landmarker.task of {URL}"

LANDMARKS, BLENDSHAPES = "face_landmarks_detector.tflite", "face_blendshapes.tflite"

CONVOLUTION, DEPTHWISE = 3, 4
"""BuiltinOperator of the public schema."""


def load_face_landmarker(path: Path, landmarks: nn.Module, blendshapes: nn.Module) -> None:
    """Copy the weights of the released file into two networks, in place.

    Args:
        path: ``face_landmarker.task``, a zip file of three TensorFlow Lite networks.
        landmarks: see :class:`vidfer.models.encoders.face_landmarker_network.FaceLandmarks`.
        blendshapes: see :class:`vidfer.models.encoders.face_blendshapes.FaceBlendshapes`.

    Raises:
        CheckpointError: the file is missing, damaged, or holds other networks.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"there is no file {path}; {REMEDY}")
    try:
        with zipfile.ZipFile(path) as content:
            graphs = [read_tflite(content.read(name)) for name in (LANDMARKS, BLENDSHAPES)]
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}); {REMEDY}") from error
    for name, graph, network in zip((LANDMARKS, BLENDSHAPES), graphs, (landmarks, blendshapes)):
        _fill(network, weights_in_order(graph), f"{name} in {path}")


def weights_in_order(graph: TfliteGraph) -> list[np.ndarray]:
    """The weights of a network in the order of their use, in PyTorch's layout.

    Branches that give a single number are left out: whether there is a face, and whether its tongue shows.
    """
    weights = []
    for operator in graph.operators:
        if np.prod(graph.shapes[operator.outputs[0]]) == 1:
            continue
        for tensor in operator.inputs:
            array = graph.constants.get(tensor)
            if array is None or array.dtype != np.float32 or not array.ndim:
                continue
            if array.ndim == 4 and operator.code in (CONVOLUTION, DEPTHWISE):
                # Out, height, width, in; of a depthwise one: 1, height, width, out.
                array = array.transpose((3, 0, 1, 2) if operator.code == DEPTHWISE else (0, 3, 1, 2))
            weights.append(np.ascontiguousarray(array))
    return weights


def _fill(network: nn.Module, weights: list[np.ndarray], where: str) -> None:
    """The parameters of the network stand in the order in which the graph uses them."""
    parameters = dict(network.named_parameters())
    if len(weights) != len(parameters):
        raise CheckpointError(
            f"{where} has {len(weights)} tensors of weights instead of {len(parameters)}, so it is another "
            f"network; {REMEDY}"
        )
    for (name, parameter), array in zip(parameters.items(), weights):
        if _without_ones(array.shape) != _without_ones(parameter.shape):
            raise CheckpointError(
                f"{where} has weights of {array.shape} instead of {tuple(parameter.shape)} for {name}, so it "
                f"is another network; {REMEDY}"
            )
        parameter.data.copy_(torch.from_numpy(array).reshape(parameter.shape))


def _without_ones(shape: tuple[int, ...] | Tensor) -> tuple[int, ...]:
    """A linear layer is stored as a convolution of one pixel."""
    return tuple(side for side in shape if side != 1)
