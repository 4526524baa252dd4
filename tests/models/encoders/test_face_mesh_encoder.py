"""The shape of the face as an embedding; that all encoders behave alike is in test_encoder.py."""

import pytest
import torch
from refused import refused

from vidfer.errors import SettingError
from vidfer.models.build import build_encoder
from vidfer.models.encoders.face_mesh import FaceMeshEncoder, FaceMeshSettings
from vidfer.models.encoders.face_shape import mirror_points
from vidfer.models.pretrained.load_weights import load_weights


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    encoder = FaceMeshEncoder().eval()
    for name, parameter in encoder.network.named_parameters():
        if name.endswith("weight") and "activation" not in name:
            parameter.data *= 2  # so that points move with the picture
    return encoder


def clips(n=2, size_px=64):
    crops = torch.randint(0, 256, (n, 2, 3, 3, size_px, size_px), dtype=torch.uint8)
    return crops, torch.ones(n, 2, dtype=torch.bool)


@torch.no_grad()
def test_a_mirrored_crop_has_the_same_embedding(encoder):
    crops, mask = clips()
    one, mirrored = encoder(crops, mask), encoder(crops.flip(-1), mask)
    torch.testing.assert_close(mirrored.vector, one.vector, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(mirrored.maps.flip(-1), one.maps, atol=1e-5, rtol=1e-4)
    other = encoder(crops.flip(-2), mask)
    assert (other.vector - one.vector).abs().max() > 0.01


@torch.no_grad()
def test_the_vector_is_the_displacement_from_the_reference(encoder, monkeypatch):
    """Whatever place, size and rotation the points have; by hand for one point that has moved."""
    reference = encoder.reference
    torch.testing.assert_close(mirror_points(reference, encoder.partner), reference)
    torch.testing.assert_close(reference.square().sum(), torch.tensor(1.0))
    moved = reference.clone()
    # Opposite points of both sides, so that neither the mean nor the pose changes.
    moved[1, 1] += 0.01
    moved[10, 1] -= 0.01
    turn = torch.linalg.qr(torch.randn(3, 3))[0]
    turn *= torch.linalg.det(turn).sign()
    points = torch.stack([moved @ turn * 70 + 96, mirror_points(moved, encoder.partner) * 50 + 90])
    monkeypatch.setattr(encoder.network, "forward", lambda images: (points, torch.zeros(2, 64, 24, 24)))
    vector = encoder(*(x[:1, :1] for x in clips())).vector.unflatten(1, (468, 3))[0]
    expected = torch.zeros(468, 3)
    expected[1, 1], expected[10, 1] = 1, -1
    torch.testing.assert_close(vector, expected, atol=0.1, rtol=0)


@torch.no_grad()
def test_what_the_network_sees(encoder):
    """The face alone, in the middle of 192 pixels, its border repeated; then the mirror image."""
    seen = []
    handle = encoder.network.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    crops, mask = clips(1, size_px=154)
    encoder(crops, mask)
    handle.remove()
    assert seen[0].shape == (4, 3, 192, 192)
    face = crops[0, 0, 0] / 255
    torch.testing.assert_close(seen[0][0, :, 19:-19, 19:-19], face)
    torch.testing.assert_close(seen[0][0, :, 0, 19:-19], face[:, 0])
    torch.testing.assert_close(seen[0][0, :, 19:-19, -1], face[:, :, -1])
    torch.testing.assert_close(seen[0][2:], seen[0][:2].flip(-1))


@pytest.mark.parametrize("kind", ["softmax", "sigmoid", "relation", "mean"])
def test_length_of_the_vector(kind):
    of_fan = kind in ("sigmoid", "relation")
    encoder = build_encoder(FaceMeshSettings(frame_attention=kind, attention_dropout=0.5 * of_fan))
    assert encoder.vector_channels == (2808 if kind == "relation" else 1404)
    if of_fan:
        assert encoder.frame_attention.dropout.p == 0.5


def test_the_reference_and_the_sides_are_saved(encoder):
    assert {"reference", "partner"} <= encoder.state_dict().keys()
    other = FaceMeshEncoder()
    other.load_state_dict(encoder.state_dict())
    assert torch.equal(other.reference, encoder.reference)
    before = other.reference.clone()
    other.network.points.bias.data += torch.randn(1404)
    other.take_reference()
    assert not torch.equal(other.reference, before)


def test_mistakes(tmp_path):
    with pytest.raises(TypeError, match="regions"):
        FaceMeshSettings(regions=("face", "mouth"))
    with refused(SettingError, tmp_path / "some.pth", "face_mesh", "--encoder"):
        load_weights(FaceMeshEncoder(), tmp_path / "some.pth")
