"""Shapes without place, size and rotation."""

import math

import pytest
import torch

from vidfer.models.encoders.face_shape import aligned_shape, centred_shape, mirror_points, rotation_onto


def turned(degrees: float, axis: int = 2) -> torch.Tensor:
    """A rotation about one axis, for points as rows."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    rotation = torch.eye(3)
    a, b = [k for k in range(3) if k != axis]
    rotation[a, a], rotation[a, b], rotation[b, a], rotation[b, b] = c, s, -s, c
    return rotation


def cloud(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, 3, generator=torch.Generator().manual_seed(seed)) * torch.tensor(
        [3.0, 2.0, 1.0]
    )


def test_a_centred_shape_has_neither_place_nor_size():
    points = torch.tensor([[0.0, 0, 0], [2, 0, 0]])
    expected = torch.tensor([[-1.0, 0, 0], [1, 0, 0]]) / math.sqrt(2)
    torch.testing.assert_close(centred_shape(points), expected)
    torch.testing.assert_close(centred_shape(points * 7 + torch.tensor([1.0, 2, 3])), expected)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("degrees", [0, 30, 90, 179, -60])
def test_a_known_rotation_is_found(axis, degrees):
    reference = centred_shape(cloud(9))
    rotation = turned(degrees, axis)
    found = rotation_onto(reference @ rotation.T, reference)
    torch.testing.assert_close(found, rotation, atol=1e-5, rtol=0)


def test_any_similarity_of_the_points_gives_the_same():
    reference, points = centred_shape(cloud(9)), cloud(4, 9, seed=1)
    moved = torch.stack(
        [
            scale * clip @ turned(30 * k, 0) @ turned(50 * k, 1) + cloud(1, seed=k)
            for k, (scale, clip) in enumerate(zip((1, 0.2, 30, 4), points))
        ]
    )
    torch.testing.assert_close(aligned_shape(moved, reference), aligned_shape(points, reference))
    torch.testing.assert_close(aligned_shape(reference * 5, reference), reference)


def test_no_rotation_brings_the_points_nearer():
    reference, points = centred_shape(cloud(9)), cloud(9, seed=1)
    best = aligned_shape(points, reference)
    for axis in range(3):
        for degrees in (-1, 1):
            other = best @ turned(degrees, axis)
            assert (other - reference).square().sum() > (best - reference).square().sum()


def test_a_mirrored_shape_stays_mirrored():
    reference = centred_shape(cloud(9))
    mirrored = reference * torch.tensor([-1.0, 1.0, 1.0])
    torch.testing.assert_close(torch.linalg.det(rotation_onto(mirrored, reference)), torch.tensor(1.0))
    assert (aligned_shape(mirrored, reference) - reference).abs().max() > 0.1


@pytest.mark.parametrize(
    "points",
    [
        torch.zeros(5, 3),
        torch.full((5, 3), 1e4),
        torch.tensor([[1.0, 0, 0]]).repeat(5, 1) * torch.arange(5.0)[:, None],
        torch.eye(3).repeat(2, 1)[:5] * torch.tensor([1.0, 1.0, 0.0]),
    ],
    ids=["zeros", "one place", "a line", "a plane"],
)
def test_degenerate_points_are_finite_with_finite_gradients(points):
    points = points.clone().requires_grad_()
    for reference in (centred_shape(cloud(5)), torch.zeros(5, 3)):
        shape = aligned_shape(points, reference)
        (shape * cloud(5, seed=3)).sum().backward()
        assert shape.isfinite().all() and points.grad.isfinite().all()


def test_float32_under_autocast():
    reference, points = centred_shape(cloud(9)), cloud(4, 9)
    with torch.autocast("cpu", torch.bfloat16):
        shape = aligned_shape(points, reference)
    assert torch.equal(shape, aligned_shape(points, reference))


def test_points_of_the_mirrored_picture():
    points = torch.tensor([[[2.0, 5, 1], [-1, 4, 3]]])
    assert torch.equal(mirror_points(points, torch.tensor([1, 0])), torch.tensor([[[1.0, 4, 3], [-2, 5, 1]]]))
