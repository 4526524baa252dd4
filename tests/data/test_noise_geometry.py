"""Turning, zooming, erasing and losing colours: against Kornia, and against pixels counted by hand."""

import math

import kornia.color
import kornia.geometry.transform as geometry
import pytest
import torch
from refused import refused

from vidfer.data.erase import erase, rectangles
from vidfer.data.noise import ClipNoise
from vidfer.data.settings import NoiseSettings
from vidfer.data.warp import affine_matrices, warp
from vidfer.errors import SettingError

NEW = {"rotation": 20.0, "scale": 0.3, "erase": 0.5, "grey": 0.3}
QUIET = {"brightness": 0.0, "contrast": 0.0, "sharpness": 0.0, "translation": 0.0, "flip": 0.0}


def seeded(seed=0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(b=4, side=24) -> torch.Tensor:
    """Smooth ones, so that a wrong sense of rotation cannot hide."""
    coarse = torch.rand(b, 3, 6, 6, generator=seeded())
    return torch.nn.functional.interpolate(coarse, (side, side), mode="bilinear", align_corners=False)


def of_kornia(old, rotation, scale, shift, flip) -> torch.Tensor:
    """Kornia's affine warp with its matrix in pixels, then its flip."""
    side = old.shape[-1]
    centre = torch.full((len(old), 2), (side - 1) / 2)
    matrix = geometry.get_rotation_matrix2d(centre, rotation, scale[:, None].expand(-1, 2))
    matrix = matrix + torch.cat([torch.zeros(len(old), 2, 2), (shift * side)[:, :, None]], 2)
    new = geometry.warp_affine(old, matrix, (side, side), padding_mode="border", align_corners=True)
    return torch.where(flip[:, None, None, None], geometry.hflip(new), new)


@pytest.mark.parametrize("flipped", [False, True])
def test_one_warp_is_kornias_turn_zoom_and_shift_and_then_its_flip(flipped):
    old, flip = pictures(), torch.full((4,), flipped)
    rotation, scale = torch.tensor([30.0, -10.0, 0.0, 90.0]), torch.tensor([1.0, 1.3, 0.7, 1.0])
    shift = torch.tensor([[0.0, 0.0], [0.1, -0.05], [0.2, 0.2], [0.0, 0.1]])
    new = warp(old, affine_matrices(rotation, scale, shift, flip))
    expected = of_kornia(old, rotation, scale, shift, flip)
    assert (expected - old).abs().mean() > 0.02
    torch.testing.assert_close(new, expected, atol=1e-5, rtol=0)


def test_a_quarter_turn_is_counter_clockwise_and_moves_whole_pixels():
    old = pictures(b=1)
    still = torch.zeros(1)
    new = warp(old, affine_matrices(still + 90, still + 1, torch.zeros(1, 2), still.bool()))
    torch.testing.assert_close(new, old.rot90(1, (2, 3)), atol=1e-5, rtol=0)


def test_the_network_sees_the_drawn_turn_size_place_and_mirror():
    crops = pictures(b=3)[:, None, None].expand(3, 2, 3, 3, 24, 24).contiguous()
    noise = ClipNoise(
        NoiseSettings(**QUIET | {"rotation": 30, "scale": 0.5, "translation": 0.2, "flip": 0.5})
    )
    draw = noise.draw(3, seeded(1))
    assert draw.flip.any() and not draw.flip.all()
    out = noise(crops, seeded(1))
    expected = of_kornia(crops[:, 0, 0], draw.rotation, draw.scale, draw.shift, draw.flip)
    torch.testing.assert_close(out, expected[:, None, None].expand_as(out), atol=1e-5, rtol=0)


def test_a_rectangle_is_grey_and_nothing_else():
    old = torch.rand(2, 3, 10, 10, generator=seeded())
    boxes = torch.tensor([[0.2, 0.1, 0.5, 0.3], [0.0, 0.0, 0.0, 0.0]])
    expected = old.clone()
    expected[0, :, 1:3, 2:5] = 0.5
    assert erase(old, boxes).equal(expected)


def test_rectangles_have_the_areas_and_ratios_of_the_paper_and_fit():
    boxes = rectangles(torch.rand(20000, 4, generator=seeded()), torch.full((20000,), 0.2))
    assert boxes.min() >= 0 and boxes.max() <= 1
    width, height = (boxes[:, 2:] - boxes[:, :2]).unbind(1)
    area, ratio = width * height, width / height
    assert 0.02 <= area.min() + 1e-6 < 0.021 and 0.199 < area.max() <= 0.2 + 1e-6
    assert area.mean().item() == pytest.approx(0.11, abs=0.002)
    assert 0.3 <= ratio.min() + 1e-5 < 0.31 and ratio.log().mean().abs() < 0.02
    assert boxes[:, 0].min() < 0.01 and boxes[:, 2].max() > 0.99


def test_clips_are_erased_alike_in_all_crops_and_as_often_as_the_probability_says():
    noise = ClipNoise(NoiseSettings(**QUIET, erase=0.25, erase_area=0.5))
    crops = torch.zeros(400, 2, 3, 3, 16, 16)
    out = noise(crops, seeded())
    grey = out == 0.5
    assert (out[~grey] == 0).all() and grey.equal(grey[:, :1, :1, :1].expand_as(grey))
    erased = grey.flatten(1).any(1)
    assert erased.float().mean().item() == pytest.approx(0.25, abs=0.06)
    assert grey[:, 0, 0, 0].float().mean((1, 2)).max() > 0.3


def test_grey_clips_are_kornias_and_the_others_keep_their_colours():
    crops = torch.rand(40, 2, 3, 3, 8, 8, generator=seeded())
    noise = ClipNoise(NoiseSettings(**QUIET, grey=0.5))
    is_grey = noise.draw(40, seeded()).grey
    assert 10 < is_grey.sum() < 30
    out = noise(crops, seeded())
    assert out[~is_grey].equal(crops[~is_grey])
    expected = kornia.color.rgb_to_grayscale(crops[is_grey]).expand_as(crops[is_grey])
    torch.testing.assert_close(out[is_grey], expected)


def test_draws_stay_in_their_ranges_and_sizes_are_as_often_smaller_as_larger():
    draw = ClipNoise(NoiseSettings(rotation=20, scale=0.25)).draw(20000, seeded())
    assert -20 <= draw.rotation.min() < -19 and 19 < draw.rotation.max() <= 20
    assert 0.8 <= draw.scale.min() + 1e-6 < 0.805 and 1.245 < draw.scale.max() <= 1.25 + 1e-6
    assert (draw.scale > 1).float().mean().item() == pytest.approx(0.5, abs=0.02)


def test_new_kinds_leave_the_draws_of_the_others():
    before = ClipNoise(NoiseSettings()).draw(50, seeded())
    after = ClipNoise(NoiseSettings(**NEW)).draw(50, seeded())
    for name in ("brightness", "contrast", "sharpness", "shift", "flip"):
        assert getattr(after, name).equal(getattr(before, name))


def test_what_is_off_draws_no_more_numbers_than_before():
    generator, plain = seeded(), seeded()
    ClipNoise(NoiseSettings(erase_area=0.4)).draw(50, generator)
    torch.rand(50, 6, generator=plain)
    assert generator.get_state().equal(plain.get_state())


def test_magnitude_and_kinds_count_the_new_kinds():
    double = ClipNoise(NoiseSettings(**NEW, magnitude=2)).draw(64, seeded())
    plain = ClipNoise(NoiseSettings(**NEW)).draw(64, seeded())
    torch.testing.assert_close(double.rotation, 2 * plain.rotation)
    plain_share = plain.scale.log() / math.log(1.3)
    torch.testing.assert_close(double.scale.log(), plain_share * math.log(1.6))
    none = ClipNoise(NoiseSettings(**NEW, magnitude=0)).draw(64, seeded())
    assert (none.rotation == 0).all() and (none.scale == 1).all() and not none.grey.any()
    assert (none.erased[:, 2:] == none.erased[:, :2]).all()
    draw = ClipNoise(NoiseSettings(**NEW | {"erase": 1.0, "grey": 1.0}, kinds=3)).draw(400, seeded())
    changed = torch.stack(
        [
            draw.brightness != 0,
            draw.contrast != 1,
            draw.sharpness != 1,
            (draw.shift != 0).any(1),
            draw.rotation != 0,
            draw.scale != 1,
            (draw.erased[:, 2:] > draw.erased[:, :2]).all(1),
            draw.grey,
        ],
        dim=1,
    )
    assert (changed.sum(1) == 3).all()
    assert (changed.float().mean(0) - 3 / 8).abs().max() < 0.1


def test_all_kinds_stay_in_range_and_clips_come_out_alike_in_a_batch_and_alone():
    crops = torch.rand(5, 2, 3, 3, 16, 16, generator=seeded())
    noise = ClipNoise(NoiseSettings(**NEW))
    draw = noise.draw(5, seeded())
    out = noise.apply_draw(crops, draw)
    assert out.min() >= 0 and out.max() <= 1
    at_once = noise._change(crops.flatten(1, 3), draw).view_as(crops)
    torch.testing.assert_close(at_once, out, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"rotation": 181}, ("rotation", "181", "180")),
        ({"scale": -0.1}, ("scale", "-0.1")),
        ({"erase": 1.5}, ("erase", "1.5")),
        ({"erase_area": 0.0}, ("erase_area", "0.0")),
        ({"grey": 2.0}, ("grey", "2.0")),
    ],
)
def test_settings_out_of_range_are_named(options, facts):
    with refused(SettingError, *facts):
        NoiseSettings(**options)
