"""Face points and blendshapes as an embedding; that all encoders behave alike is in test_encoder.py."""

import math

import pytest
import torch
from landmarker_files import random_weights, write_task
from refused import refused

from vidfer.errors import CheckpointError, SettingError
from vidfer.models.build import build_encoder
from vidfer.models.encoders.face_blendshapes import FaceBlendshapes
from vidfer.models.encoders.face_landmarker import FaceLandmarkerEncoder, FaceLandmarkerSettings
from vidfer.models.encoders.face_landmarker_network import FaceLandmarks
from vidfer.models.encoders.face_shape import mirror_points
from vidfer.models.encoders.face_squares import level_squares, middle_squares, sample_squares
from vidfer.models.pretrained.load_weights import load_weights


def clips(n=2, size_px=64):
    crops = torch.randint(0, 256, (n, 2, 3, 3, size_px, size_px), dtype=torch.uint8)
    return crops, torch.ones(n, 2, dtype=torch.bool)


@pytest.mark.parametrize(
    ("features", "channels"), [("points", 1434), ("blendshapes", 52), ("logits", 52), ("both", 1486)]
)
@torch.no_grad()
def test_what_the_vector_holds(features, channels):
    torch.manual_seed(0)
    encoder = build_encoder(FaceLandmarkerSettings(features=features)).eval()
    assert encoder.vector_channels == channels
    points = torch.randn(3, 478, 3)
    vectors = encoder.frame_vectors(points)
    assert vectors.shape == (3, channels)
    shapes = encoder.blendshapes(points)
    if features == "blendshapes":
        torch.testing.assert_close(vectors, shapes)
    if features in ("logits", "both"):
        torch.testing.assert_close(vectors[:, -52:], ((shapes + 0.001) / (1.001 - shapes)).log())
    if features in ("points", "both"):
        # The reference itself, wherever it is, moves nothing.
        same = encoder.frame_vectors(encoder.reference[None] * 7 + 3)[:, :1434]
        torch.testing.assert_close(same, torch.zeros(1, 1434), atol=1e-3, rtol=0)


@torch.no_grad()
def test_logits_stay_finite():
    encoder = FaceLandmarkerEncoder()
    encoder.blendshapes.output.bias.copy_(torch.tensor([-200.0, 200.0] * 26))
    logits = encoder.frame_vectors(torch.randn(1, 478, 3))[0]
    assert logits[0] == pytest.approx(-6.9088, abs=1e-3) and logits[1] == pytest.approx(6.9088, abs=1e-3)


@torch.no_grad()
def test_the_second_pass_sees_a_level_square_around_the_points(monkeypatch):
    """A picture of a ramp; the first pass finds points whose eyes are turned by 0.2."""
    encoder = FaceLandmarkerEncoder().eval()
    place = torch.rand(478, 2) - 0.5
    place[33], place[263] = torch.tensor([-0.3, 0.0]), torch.tensor([0.3, 0.0])
    cos, sin = math.cos(0.2), math.sin(0.2)
    axes = torch.tensor([[cos, sin], [-sin, cos]])
    points = torch.cat([place @ axes * 80 + 128, torch.zeros(478, 1)], dim=1)
    seen = []

    def early(images):
        seen.append(images)
        return torch.zeros(len(images), 64, 32, 32)

    monkeypatch.setattr(encoder.landmarks, "early_maps", early)
    monkeypatch.setattr(encoder.landmarks, "late_points", lambda maps: points[None].expand(len(maps), -1, -1))
    ramp = torch.linspace(0, 1, 200).expand(1, 3, 200, 200)
    encoder.find_points(ramp)
    first, second = seen
    # The whole crop in 200 of 256 pixels.
    torch.testing.assert_close(first[0, 0, 128, 28:-28], ramp[0, 0, 0], atol=1e-4, rtol=0)
    assert first[0, 0, 5, 0] == 0 and first[0, 0, 5, -1] == 1
    low, high = place.amin(0), place.amax(0)
    step = 1.5 * (high - low).max().item() * 80 / 256  # of a pixel of the square, in pixels of the first
    grey = second[0, 0]
    assert (grey[100, 140] - grey[100, 100]).item() == pytest.approx(40 * step * cos / 199, abs=1e-3)
    assert (grey[140, 100] - grey[100, 100]).item() == pytest.approx(-40 * step * sin / 199, abs=1e-3)
    middle = ((low + high) / 2 @ axes * 80)[0] + 128 - 28
    assert grey[127:129, 127:129].mean().item() == pytest.approx((middle.item() - 0.5) / 199, abs=1e-3)


@torch.no_grad()
def test_mirror_averages_the_points_of_both_sides():
    torch.manual_seed(1)
    encoder = random_landmarks(FaceLandmarkerEncoder(features="points", mirror=True)).eval()
    faces = torch.rand(2, 3, 80, 80)
    points, maps = encoder.find_points(faces)
    # The square of the second pass seen by hand, and its mirror image.
    squares = middle_squares(faces, 200 / 256)
    first, _ = encoder.landmarks(sample_squares(faces, squares, 256))
    level = sample_squares(faces, level_squares(squares.outside(first[..., :2], 256), 1.5), 256)
    (seen, seen_maps), (mirrored, mirrored_maps) = encoder.landmarks(level), encoder.landmarks(level.flip(-1))
    mirrored = mirrored[:, encoder.partner]
    mirrored[..., 0] = 256 - mirrored[..., 0]
    torch.testing.assert_close(points, (seen + mirrored) / 2, atol=0.02, rtol=1e-3)
    torch.testing.assert_close(maps, (seen_maps + mirrored_maps.flip(-1)) / 2, atol=1e-2, rtol=1e-3)
    assert (seen - mirrored).abs().max() > 0.1


@torch.no_grad()
def test_every_point_has_a_partner_on_the_other_side(shared):
    """The points of mirrored pictures of people, mirrored back, are those of the pictures."""
    encoder = FaceLandmarkerEncoder().eval()
    load_weights(encoder, shared / "weights/mediapipe/face_landmarker.task")
    faces = people(shared, "neutral", size_px=256).float() / 255
    (points, _), (mirrored, _) = encoder.landmarks(faces), encoder.landmarks(faces.flip(-1))
    back = mirror_points(mirrored, encoder.partner) + torch.tensor([256.0, 0.0, 0.0])
    assert (points - back).abs().mean(0).max() < 3  # an iris is six pixels wide
    assert torch.equal(encoder.partner[encoder.partner], torch.arange(478))


def people(shared, kind, size_px):
    """Pictures of six people, (6, 3, size_px, size_px) uint8, the face in the middle."""
    import cv2

    files = sorted((shared / "data/images/london" / kind).glob("*.jpg"))[:6]
    pictures = [cv2.imread(str(file))[100:620, 80:600, ::-1] for file in files]
    pictures = [cv2.resize(p, (size_px, size_px), interpolation=cv2.INTER_AREA) for p in pictures]
    return torch.stack([torch.from_numpy(p.copy()).permute(2, 0, 1) for p in pictures])


def random_landmarks(encoder):
    """The encoder with points that move with the picture: a face at the start, and larger weights."""
    random_weights(encoder.landmarks)
    encoder.landmarks.points.weight.data *= 30
    encoder.landmarks.points.bias.data = torch.rand(1434) * 200
    return encoder


def test_published_weights(tmp_path):
    landmarks, blendshapes = random_weights(FaceLandmarks()), random_weights(FaceBlendshapes())
    task = write_task(tmp_path / "made.task", landmarks, blendshapes)
    encoder = FaceLandmarkerEncoder()
    before = encoder.reference.clone()
    load_weights(encoder, task)
    assert torch.equal(encoder.landmarks.points.weight, landmarks.points.weight)
    assert torch.equal(encoder.blendshapes.answer.token, blendshapes.answer.token)
    assert not torch.equal(encoder.reference, before)
    torch.testing.assert_close(encoder.reference.square().sum(), torch.tensor(1.0))
    with refused(CheckpointError, tmp_path / "none.task", "face_landmarker.task"):
        load_weights(encoder, tmp_path / "none.task")


def test_mistakes():
    with refused(SettingError, "--encoder.features", "corners", "points, blendshapes, logits, both"):
        FaceLandmarkerSettings(features="corners")
    with pytest.raises(TypeError, match="regions"):
        FaceLandmarkerSettings(regions=("face", "mouth"))


@torch.no_grad()
def test_of_faces_that_smile_and_faces_that_do_not(shared):
    """The released weights, through the encoder."""
    encoder = FaceLandmarkerEncoder(features="blendshapes").eval()
    load_weights(encoder, shared / "weights/mediapipe/face_landmarker.task")
    smiles = {}
    for kind in ("neutral", "smiling"):
        crops = people(shared, kind, size_px=224)[:, None, None].expand(-1, 1, 3, -1, -1, -1)
        vector = encoder(crops, torch.ones(6, 1, dtype=torch.bool)).vector
        smiles[kind] = vector[:, [44, 45]].mean(1)  # mouthSmileLeft and mouthSmileRight
    assert smiles["neutral"].mean() < 0.1 and smiles["smiling"].mean() > 0.3
