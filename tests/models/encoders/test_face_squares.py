"""Squares of pictures: where they are, and what is seen in them."""

import math

import pytest
import torch

from vidfer.models.encoders.face_squares import (
    LEFT_EYE,
    RIGHT_EYE,
    Squares,
    level_squares,
    middle_squares,
    sample_squares,
)


def ramps(height: int, width: int) -> torch.Tensor:
    """A picture whose two channels are the x and the y of each pixel's middle."""
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    return torch.stack([x, y])[None]


def test_the_middle_of_a_picture_with_its_border_repeated():
    picture = torch.rand(1, 3, 100, 100)
    seen = sample_squares(picture, middle_squares(picture, 100 / 128), 128)
    torch.testing.assert_close(seen[:, :, 14:-14, 14:-14], picture, atol=1e-4, rtol=0)
    torch.testing.assert_close(seen[:, :, 0, 14:-14], picture[:, :, 0], atol=1e-4, rtol=0)
    torch.testing.assert_close(seen[:, :, 14:-14, -1], picture[:, :, :, -1], atol=1e-4, rtol=0)


@pytest.mark.parametrize("turn", [0.0, 0.4, -2.0])
def test_what_is_sampled_lies_where_outside_says(turn):
    """Each pixel of the square has the place in the picture that its own place is brought back to."""
    squares = Squares(torch.tensor([[40.0, 25.0]]), torch.tensor([20.0]), torch.tensor([turn]))
    seen = sample_squares(ramps(50, 80), squares, 16)
    places = ramps(16, 16)[0].flatten(1).T[None]
    torch.testing.assert_close(seen[0].flatten(1).T[None], squares.outside(places, 16), atol=1e-3, rtol=0)


def test_a_turned_square():
    """A quarter turn clockwise: the square's horizontal goes down in the picture."""
    squares = Squares(torch.tensor([[5.0, 5.0]]), torch.tensor([4.0]), torch.tensor([math.pi / 2]))
    corner = squares.outside(torch.tensor([[[0.0, 0.0], [8.0, 0.0]]]), 8)
    torch.testing.assert_close(corner, torch.tensor([[[7.0, 3.0], [7.0, 7.0]]]))


def test_a_level_square_around_points():
    points = torch.zeros(2, 478, 2)
    points[:, :, 0] = torch.linspace(-3, 3, 478)
    points[:, 7, 1], points[:, 8, 1] = 4.0, -1.0
    points[:, RIGHT_EYE], points[:, LEFT_EYE] = torch.tensor([-2.0, 1.0]), torch.tensor([2.0, 1.0])
    turn = 0.3
    rotation = torch.tensor([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    points[1] = points[1] @ rotation * 10 + torch.tensor([100.0, 60.0])
    squares = level_squares(points, 1.5)
    torch.testing.assert_close(squares.turn, torch.tensor([0.0, turn]), atol=1e-5, rtol=0)
    torch.testing.assert_close(squares.side, torch.tensor([9.0, 90.0]))
    expected = torch.stack(
        [torch.tensor([0.0, 1.5]), torch.tensor([0.0, 15.0]) @ rotation + points.new_tensor([100.0, 60.0])]
    )
    torch.testing.assert_close(squares.centre, expected, atol=1e-4, rtol=0)


def test_points_in_one_place():
    assert level_squares(torch.full((1, 478, 2), 3.0), 1.5).side.item() == 1
