"""A network whose batch normalisation was folded in for ONNX gives the same numbers here."""

import pytest
import torch
from refused import refused

from vidfer.errors import CheckpointError
from vidfer.models.build import build_encoder
from vidfer.models.encoders.timm import TimmSettings
from vidfer.models.pretrained.load_weights import load_weights

timm = pytest.importorskip("timm")
onnx = pytest.importorskip("onnx")


def trained(network):
    """With statistics and weights that an untrained network does not have."""
    torch.manual_seed(0)
    model = timm.create_model(network, num_classes=8).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.2)
            torch.nn.init.normal_(module.running_mean, std=0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model


def folded(model, px, path):
    """An ONNX file as an exporter writes it: its convolutions in the order in which they ran."""
    ran = []
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(lambda m, *_, name=name: ran.append([name, m, None]))
        if isinstance(module, torch.nn.BatchNorm2d):
            module.register_forward_hook(lambda m, *_: ran[-1].__setitem__(2, m))
    with torch.no_grad():
        model(torch.zeros(1, 3, px, px))
    nodes, tensors, last = [], [], "input"
    for name, conv, norm in ran:
        kernel, bias = conv.weight.detach(), None if conv.bias is None else conv.bias.detach()
        if norm is not None:
            scale = norm.weight / (norm.running_var + norm.eps).sqrt()
            kernel = (kernel * scale.view(-1, 1, 1, 1)).detach()
            bias = (norm.bias - norm.running_mean * scale).detach()
        inputs = [f"{name}.w"] + ([] if bias is None else [f"{name}.b"])
        tensors += [
            onnx.numpy_helper.from_array(value.numpy(), name) for name, value in zip(inputs, (kernel, bias))
        ]
        nodes.append(onnx.helper.make_node("Conv", [last, *inputs], [f"{name}.out"]))
        last = f"{name}.out"
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        "net",
        [value("input", onnx.TensorProto.FLOAT, [1, 3, px, px])],
        [value(last, onnx.TensorProto.FLOAT, None)],
        tensors,
    )
    onnx.save(onnx.helper.make_model(graph), str(path))


def test_an_efficientnet_is_read(tmp_path):
    model = trained("tf_efficientnet_b0")
    folded(model, 64, tmp_path / "net.onnx")
    encoder = build_encoder(TimmSettings(network="tf_efficientnet_b0", vector="network", input_px=64)).eval()
    load_weights(encoder, tmp_path / "net.onnx")
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        _, vectors = encoder.backbone(images)
        expected = model.forward_head(model.forward_features(images), pre_logits=True)
    assert expected.std() > 1e-3
    torch.testing.assert_close(vectors, expected, atol=1e-4, rtol=1e-3)


def test_other_files_are_refused(tmp_path):
    encoder = build_encoder(TimmSettings(network="tf_efficientnet_b0", vector="network"))
    with refused(CheckpointError, tmp_path / "none.onnx", "tf_efficientnet_b0"):
        load_weights(encoder, tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("no network")
    with refused(CheckpointError, tmp_path / "text.onnx", "tf_efficientnet_b0"):
        load_weights(encoder, tmp_path / "text.onnx")
    folded(trained("mobilenetv3_small_050"), 64, tmp_path / "other.onnx")
    with refused(CheckpointError, tmp_path / "other.onnx", "convolutions", "tf_efficientnet_b0"):
        load_weights(encoder, tmp_path / "other.onnx")
