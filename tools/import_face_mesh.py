"""Make a vidfer checkpoint from MediaPipe Face Mesh (Kartynnik et al. 2019), the network of 468 face points.

    pip install 'vidfer[face_mesh]'
    python tools/import_face_mesh.py --model face_landmark.tflite --out runs/face_mesh

The file is in the wheel of mediapipe 0.10 as mediapipe/modules/face_landmark/face_landmark.tflite. Unzip the
wheel; mediapipe itself is not needed. Its licence is Apache-2.0. Nothing is downloaded. The result is a
recogniser with the face_mesh encoder, the prototype head and no classifier: it was trained on no expression.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import tyro
from torch import nn

from vidfer.errors import CheckpointError, MissingPackageError, exit_on_user_error
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint
from vidfer.models.encoders.face_mesh import FaceMeshSettings
from vidfer.models.encoders.face_mesh_network import FaceMesh
from vidfer.models.heads.prototype import PrototypeSettings
from vidfer.models.recogniser import Recogniser
from vidfer.models.settings import ModelSettings

REMEDY = "name the face_landmark.tflite of mediapipe 0.10 (mediapipe/modules/face_landmark in its wheel)"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the released network is and where the checkpoint goes."""

    model: Path
    """The released face_landmark.tflite."""
    out: Path
    """Folder of the checkpoint."""


def import_face_mesh(path: Path) -> tuple[Recogniser, dict]:
    """Read the recogniser of a released file, in evaluation mode, and where it comes from.

    Raises:
        MissingPackageError: the package tflite is missing.
        CheckpointError: the file is missing, damaged, or another network.
    """
    if not path.is_file():
        raise CheckpointError(f"there is no file {path}; {REMEDY}")
    settings = ModelSettings(encoder=FaceMeshSettings(frame_attention="mean"), head=PrototypeSettings())
    recogniser = build_recogniser(settings)
    fill(recogniser.encoder.network, read_layers(path), path)
    recogniser.encoder.take_reference()
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return recogniser.eval(), {"made_from": path.name, "sha256": sha256, "base_classes": []}


def read_layers(path: Path) -> dict[str, list[np.ndarray]]:
    """Read the weights of a TensorFlow Lite file: name of a layer's output -> its tensors, float32."""
    try:
        import tflite
    except ImportError as error:
        raise MissingPackageError(
            "reading .tflite files needs the package tflite: pip install 'vidfer[face_mesh]'"
        ) from error
    content = path.read_bytes()
    if content[4:8] != b"TFL3":
        raise CheckpointError(f"{path} is no TensorFlow Lite file; {REMEDY}")
    operator_names = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}
    try:
        model = tflite.Model.GetRootAsModel(content, 0)
        graph = model.Subgraphs(0)
        stored, layers = {}, {}
        for i in range(graph.OperatorsLength()):
            operator = graph.Operators(i)
            code = model.OperatorCodes(operator.OpcodeIndex())
            name = operator_names.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()))
            inputs, output = operator.InputsAsNumpy().tolist(), operator.OutputsAsNumpy().tolist()[0]
            if name == "DEQUANTIZE":  # weights are stored in half precision
                stored[output] = inputs[0]
            elif name in ("CONV_2D", "DEPTHWISE_CONV_2D", "PRELU"):
                layers[graph.Tensors(output).Name().decode()] = [
                    read_tensor(model, graph.Tensors(stored.get(tensor, tensor)), tflite.TensorType)
                    for tensor in inputs[1:]
                ]
    except (struct.error, ValueError, IndexError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}); {REMEDY}") from error
    return layers


def read_tensor(model, tensor, types) -> np.ndarray:
    """Read a constant tensor of a TensorFlow Lite file."""
    kinds = {types.FLOAT16: np.float16, types.FLOAT32: np.float32}
    if tensor.Type() not in kinds:
        raise ValueError(f"tensor {tensor.Name().decode()} has no floating-point numbers")
    data = np.frombuffer(model.Buffers(tensor.Buffer()).DataAsNumpy().tobytes(), kinds[tensor.Type()])
    return data.reshape(tensor.ShapeAsNumpy()).astype(np.float32)


def fill(network: FaceMesh, layers: dict[str, list[np.ndarray]], path: Path) -> None:
    """Copy the layers of a file into the network.

    The modules of the network stand in the order of the numbers in the layers' names. The file has one branch
    that the network does not have; its layers are ignored.

    Raises:
        CheckpointError: a layer is missing or has another shape.
    """
    numbers = {"conv2d": 0, "depthwise_conv2d": 0, "p_re_lu": 0}
    for module in network.modules():
        if isinstance(module, nn.PReLU):
            kind = "p_re_lu"
        elif isinstance(module, nn.Conv2d):
            kind = "depthwise_conv2d" if module.groups > 1 else "conv2d"
        else:
            continue
        numbers[kind] += 1
        name = f"{kind}_{numbers[kind]}"
        if name not in layers:
            raise CheckpointError(f"{path} has no layer {name}, so it is another network; {REMEDY}")
        wanted = [module.weight] if kind == "p_re_lu" else [module.weight, module.bias]
        given = [torch.from_numpy(array) for array in layers[name]]
        if kind == "p_re_lu":
            given = [given[0].flatten()]
        else:
            # Out, height, width, in; of a depthwise one: 1, height, width, out.
            order = (3, 0, 1, 2) if kind == "depthwise_conv2d" else (0, 3, 1, 2)
            given[0] = given[0].permute(order) if given[0].ndim == 4 else given[0]
        shapes = [[tuple(tensor.shape) for tensor in tensors] for tensors in (given, wanted)]
        if shapes[0] != shapes[1]:
            raise CheckpointError(
                f"layer {name} of {path} has weights of {shapes[0]} instead of {shapes[1]}, so it is "
                f"another network; {REMEDY}"
            )
        for parameter, tensor in zip(wanted, given):
            parameter.data.copy_(tensor)


def main(settings: Settings) -> None:
    recogniser, info = import_face_mesh(settings.model)
    checkpoint_hash = save_checkpoint(settings.out, recogniser, info)
    print(f"wrote {settings.out}: checkpoint {checkpoint_hash[:12]} of {settings.model.name}")


if __name__ == "__main__":
    with exit_on_user_error("import_face_mesh.py"):
        main(tyro.cli(Settings, description=__doc__))
