"""The same numbers in PyTorch's other ways of running a network: channels_last, torch.compile."""

import pytest
import torch
from networks import network

from vidfer.models.build import build_recogniser

SETTINGS = {
    "grouped_resnet18": network(width=4, input_px=64),
    "conv4": network(encoder="conv4"),
    "resnet18": network(encoder="resnet18", width=8, input_px=64, frame_attention="relation"),
    "face_landmarker": network(encoder="face_landmarker"),
    "torchvision": network("torchvision mobilenet_v3_small", input_px=64),
}


def model_and_clips(name):
    model = build_recogniser(SETTINGS[name], ("angry", "happy")).eval()
    crops = torch.randint(0, 256, (2, 3, 3, 3, 64, 64), dtype=torch.uint8)
    return model, crops, torch.tensor([[True, False, True], [True] * 3])


@pytest.mark.parametrize("name", SETTINGS)
def test_channels_last_weights(name):
    model, crops, mask = model_and_clips(name)
    with torch.no_grad():
        expected, logits = model.embed(crops, mask), model(crops, mask)
        model.to(memory_format=torch.channels_last)
        embedding = model.embed(crops, mask)
        torch.testing.assert_close(embedding.vector, expected.vector, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(embedding.maps, expected.maps, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(model(crops, mask), logits, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["grouped_resnet18", "conv4", "resnet18"])
def test_compiled(name):
    """Everything but the code generator, which takes minutes on a small machine."""
    model, crops, mask = model_and_clips(name)
    compiled = torch.compile(model, backend="aot_eager")
    with torch.no_grad():
        torch.testing.assert_close(compiled(crops, mask), model(crops, mask), atol=1e-4, rtol=1e-3)
