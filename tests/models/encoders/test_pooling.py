"""How the frames of a clip become one vector, with and without faces, in exact numbers."""

import dataclasses

import pytest
import torch
from networks import network
from refused import refused

from vidfer.errors import SettingError
from vidfer.models.build import build_encoder
from vidfer.models.encoders.pooling import pool_frames

VECTORS = torch.tensor([[[1.0, -5], [3, -1], [99, 99]], [[7, 7], [7, 7], [7, 7]]])
MASK = torch.tensor([[True, True, False], [False] * 3])
WEIGHTS = torch.tensor([[0.5, 0.5, 0], [1 / 3] * 3])
STRENGTH = torch.tensor([[2.0, 1, 9], [3, 2, 1]])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("max", [3.0, -1]), ("peak", [1.0, -5]), ("spread", [2.0, -3, 1, 2])],
)
def test_closed_form(kind, expected):
    vectors = VECTORS * MASK[..., None] if kind == "spread" else VECTORS  # as frames are unpacked
    found = pool_frames(kind, vectors, MASK, WEIGHTS, STRENGTH)
    torch.testing.assert_close(found, torch.tensor([expected, [0.0] * len(expected)]))


@pytest.fixture(scope="module")
def clips():
    generator = torch.Generator().manual_seed(0)
    crops = torch.randint(256, (2, 3, 1, 3, 40, 40), generator=generator, dtype=torch.uint8)
    return crops, torch.tensor([[True, True, False], [True, False, False]])


@torch.no_grad()
@pytest.mark.parametrize("features", ["logits", "both"])
@pytest.mark.parametrize("pooling", ["max", "spread", "peak"])
def test_of_the_encoder(clips, features, pooling):
    settings = network("face_landmarker", features=features).encoder
    torch.manual_seed(0)
    plain = build_encoder(settings).eval()
    torch.manual_seed(0)
    pooled = build_encoder(dataclasses.replace(settings, pooling=pooling)).eval()
    crops, mask = clips
    frames = plain(crops.flatten(0, 1)[:, None], torch.ones(6, 1, dtype=torch.bool)).vector.unflatten(
        0, (2, 3)
    )
    found = pooled(crops, mask).vector
    assert found.shape[1] == pooled.vector_channels == sum(pooled.vector_parts)
    channels = plain.vector_channels
    # The second clip has one frame, which is its mean, its largest value and its peak.
    torch.testing.assert_close(found[1, :channels], frames[1, 0], atol=1e-4, rtol=1e-4)
    if pooling == "max":
        torch.testing.assert_close(found[0], frames[0, :2].amax(0), atol=1e-4, rtol=1e-4)
    elif pooling == "peak":
        assert any(torch.allclose(found[0], frames[0, i], atol=1e-4, rtol=1e-4) for i in (0, 1))
    else:
        spread = (frames[0, 0] - frames[0, 1]).abs() / 2
        torch.testing.assert_close(found[0, channels:], spread, atol=1e-4, rtol=1e-3)
        assert found[1, channels:].abs().max() < 1e-6


def test_settings():
    with refused(SettingError, "--encoder.pooling median", "attention"):
        network("face_landmarker", pooling="median")
    with refused(SettingError, "--encoder.pooling max", "softmax"):
        network("face_landmarker", pooling="max", frame_attention="softmax")
