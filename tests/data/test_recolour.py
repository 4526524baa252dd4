"""The noise of colours on a processor, against Kornia's."""

import pytest
import torch
from kornia.enhance import adjust_brightness, adjust_contrast, sharpness

from vidfer.data.recolour import recolour


@pytest.mark.parametrize("sharp", [(0.0, 0.3, 1.0, 1.7, 2.0), (1.0,) * 5])
def test_it_is_what_kornia_gives_one_after_the_other(sharp):
    pictures = torch.rand(5, 6, 12, 10, generator=torch.Generator().manual_seed(0))
    before = pictures.clone()
    brightness = torch.tensor([-0.6, 0.7, 0.0, 0.2, -0.1])
    contrast = torch.tensor([1.9, 0.4, 1.0, 0.0, 1.3])
    expected = adjust_contrast(adjust_brightness(pictures, brightness), contrast)
    expected = sharpness(expected, torch.tensor(sharp))
    found = recolour(pictures, brightness, contrast, torch.tensor(sharp))
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
    assert (expected == 0).any() and (expected == 1).any()  # both ends are cut off
    assert pictures.equal(before)


def test_strengths_of_nothing_change_no_bit():
    pictures = torch.rand(2, 3, 8, 8)
    one = torch.ones(2)
    assert recolour(pictures, one * 0, one, one).equal(pictures)


@pytest.mark.parametrize("side", [1, 2, 3])
def test_pictures_of_few_pixels_have_a_border_only(side):
    pictures = torch.rand(1, 3, side, side)
    one = torch.ones(1)
    found = recolour(pictures, one * 0, one, one * 0)
    assert found[..., [0, -1], :].equal(pictures[..., [0, -1], :])
