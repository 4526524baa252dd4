"""The importer of MediaPipe Face Mesh; against the released file where VIDFER_FACE_MESH names it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import import_face_mesh
import numpy as np
import pytest
import torch
from refused import refused
from torch import nn

from vidfer.errors import CheckpointError, MissingPackageError
from vidfer.models.checkpoint import load_checkpoint
from vidfer.models.encoders.face_mesh_network import FaceMesh

SCRIPT = Path(import_face_mesh.__file__)


@pytest.fixture(scope="module")
def released():
    """The released file."""
    pytest.importorskip("tflite")
    if "VIDFER_FACE_MESH" not in os.environ:
        pytest.skip("VIDFER_FACE_MESH names no face_landmark.tflite")
    return Path(os.environ["VIDFER_FACE_MESH"])


def released_layers(network: FaceMesh) -> dict[str, list[np.ndarray]]:
    """What a file of the released form holds of a network, in TensorFlow's layout, with a layer more."""
    layers, convolutions, depthwise, activations = {"conv2d_28": [np.zeros(1)]}, 0, 0, 0
    for module in network.modules():
        if isinstance(module, nn.PReLU):
            activations += 1
            layers[f"p_re_lu_{activations}"] = [module.weight.detach().numpy()[None, None]]
        elif isinstance(module, nn.Conv2d) and module.groups > 1:
            depthwise += 1
            weight = module.weight.detach().numpy().transpose(1, 2, 3, 0)
            layers[f"depthwise_conv2d_{depthwise}"] = [weight, module.bias.detach().numpy()]
        elif isinstance(module, nn.Conv2d):
            convolutions += 1
            weight = module.weight.detach().numpy().transpose(0, 2, 3, 1)
            layers[f"conv2d_{convolutions}"] = [weight, module.bias.detach().numpy()]
    assert (convolutions, depthwise, activations) == (21, 18, 20)
    return {name: [np.ascontiguousarray(array) for array in arrays] for name, arrays in layers.items()}


def test_makes_a_checkpoint_that_loads(tmp_path, monkeypatch):
    torch.manual_seed(0)
    network = FaceMesh()
    for module in network.modules():
        if isinstance(module, nn.PReLU):
            nn.init.uniform_(module.weight)
    (tmp_path / "face_landmark.tflite").write_bytes(b"0000TFL3")
    monkeypatch.setattr(import_face_mesh, "read_layers", lambda path: released_layers(network))
    import_face_mesh.main(
        import_face_mesh.Settings(model=tmp_path / "face_landmark.tflite", out=tmp_path / "out")
    )
    recogniser, info = load_checkpoint(tmp_path / "out")
    assert info["made_from"] == "face_landmark.tflite" and info["base_classes"] == []
    assert recogniser.classes == () and recogniser.settings.head.name == "prototype"
    made = recogniser.encoder.network.state_dict()
    assert all(torch.equal(made[name], tensor) for name, tensor in network.state_dict().items())
    before = recogniser.encoder.reference.clone()
    recogniser.encoder.take_reference()  # of these weights, not of those it was built with
    assert torch.equal(before, recogniser.encoder.reference)


def test_another_network():
    layers = released_layers(FaceMesh())
    with refused(CheckpointError, "some.tflite", "p_re_lu_7", import_face_mesh.REMEDY):
        import_face_mesh.fill(
            FaceMesh(), {n: a for n, a in layers.items() if n != "p_re_lu_7"}, Path("some.tflite")
        )
    layers["conv2d_2"] = [layers["conv2d_2"][0][:, :, :, :8], layers["conv2d_2"][1]]
    with refused(CheckpointError, "some.tflite", "conv2d_2", "(16, 16, 1, 1)", import_face_mesh.REMEDY):
        import_face_mesh.fill(FaceMesh(), layers, Path("some.tflite"))


def test_says_what_is_wrong(tmp_path, monkeypatch):
    with refused(CheckpointError, tmp_path / "none.tflite", import_face_mesh.REMEDY):
        import_face_mesh.import_face_mesh(tmp_path / "none.tflite")
    (tmp_path / "text.tflite").write_text("no network")
    monkeypatch.setitem(sys.modules, "tflite", None)
    with refused(MissingPackageError, "tflite", "pip install 'vidfer[face_mesh]'"):
        import_face_mesh.import_face_mesh(tmp_path / "text.tflite")
    command = [sys.executable, str(SCRIPT), "--model", "none.tflite", "--out", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert re.fullmatch(r"import_face_mesh\.py: .*none\.tflite.*\n", done.stderr)


@pytest.mark.parametrize(
    "content", [b"no network at all", b"\xff\xff\xff\x7fTFL3" + b"\xff" * 64, b"\0\0\0\0TFL3"]
)
def test_files_that_are_damaged(tmp_path, content):
    pytest.importorskip("tflite")
    (tmp_path / "bad.tflite").write_bytes(content)
    with refused(CheckpointError, tmp_path / "bad.tflite", import_face_mesh.REMEDY):
        import_face_mesh.import_face_mesh(tmp_path / "bad.tflite")


def test_the_released_file(released):
    recogniser, _ = import_face_mesh.import_face_mesh(released)
    reference = recogniser.encoder.reference
    # The bias is a face: outer corners of the eyes on both sides, chin below forehead, nose before the ears.
    assert reference[33, 0] < -0.01 and reference[263, 0] > 0.01
    assert reference[152, 1] > reference[10, 1] and reference[1, 2] < reference[234, 2]


def test_equals_the_released_network(released):
    interpreter_of = pytest.importorskip("ai_edge_litert.interpreter")
    network = import_face_mesh.import_face_mesh(released)[0].encoder.network
    interpreter = interpreter_of.Interpreter(str(released), num_threads=1)
    interpreter.allocate_tensors()
    (picture,) = interpreter.get_input_details()
    points = next(o for o in interpreter.get_output_details() if o["shape"].prod() == 1404)
    images = torch.rand(4, 3, 192, 192, generator=torch.Generator().manual_seed(0))
    images = torch.nn.functional.avg_pool2d(images, 9, 1, 4)
    with torch.no_grad():
        found = network(images)[0]
    for image, of_image in zip(images, found):
        interpreter.set_tensor(picture["index"], image.permute(1, 2, 0)[None].contiguous().numpy())
        interpreter.invoke()
        expected = torch.from_numpy(interpreter.get_tensor(points["index"])).view(468, 3)
        torch.testing.assert_close(of_image, expected, atol=1e-3, rtol=0)
        print(f"largest difference {(of_image - expected).abs().max():.1e} of a pixel")
