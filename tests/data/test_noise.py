import kornia.enhance
import kornia.geometry
import pytest
import torch
from refused import refused

from vidfer.data.noise import ClipNoise, NoiseDraw
from vidfer.data.settings import NoiseSettings
from vidfer.errors import SettingError

OFF = {"brightness": 0.0, "contrast": 0.0, "sharpness": 0.0, "translation": 0.0, "flip": 0.0}


def clips(seed=0, b=3, t=2, size=16) -> torch.Tensor:
    return torch.rand(b, t, 3, 3, size, size, generator=torch.Generator().manual_seed(seed))


def seeded(seed=0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def each_image(crops: torch.Tensor, change) -> torch.Tensor:
    """``change(image (3, H, W), clip number)`` for every single image."""
    out = torch.empty_like(crops)
    for b in range(crops.shape[0]):
        for t in range(crops.shape[1]):
            for r in range(3):
                out[b, t, r] = change(crops[b, t, r], b)
    return out


def test_strength_zero_changes_no_bit():
    crops = clips()
    assert torch.equal(ClipNoise(NoiseSettings(**OFF))(crops, seeded()), crops)


def test_evaluation_mode_changes_no_bit():
    crops = clips()
    assert torch.equal(ClipNoise(NoiseSettings()).eval()(crops, seeded()), crops)


ALONE = {
    "brightness": lambda d: lambda x, b: kornia.enhance.adjust_brightness(x, d.brightness[b].item()),
    "contrast": lambda d: lambda x, b: kornia.enhance.adjust_contrast(x, d.contrast[b].item()),
    "sharpness": lambda d: lambda x, b: kornia.enhance.sharpness(x, d.sharpness[b].item()),
    "translation": lambda d: (
        lambda x, b: kornia.geometry.translate(
            x[None], d.shift[b : b + 1] * x.shape[-1], padding_mode="border"
        )[0]
    ),
    "flip": lambda d: lambda x, b: kornia.geometry.hflip(x) if d.flip[b] else x,
}


@pytest.mark.parametrize("kind", ALONE)
def test_each_kind_is_kornias_own_on_every_single_image(kind):
    crops = clips(b=6)
    noise = ClipNoise(NoiseSettings(**(OFF | {kind: 0.5})))
    draw = noise.draw(6, seeded())
    out = noise.apply_draw(crops, draw)
    expected = each_image(crops, ALONE[kind](draw))
    assert (expected - crops).abs().max() > 0.1
    assert (out - expected).abs().max() < 1e-5


def test_all_kinds_together_are_kornias_one_after_another():
    crops = clips(b=4)
    noise = ClipNoise(NoiseSettings())
    draw = noise.draw(4, seeded(1))
    expected = crops
    for kind in ALONE:
        expected = each_image(expected, ALONE[kind](draw))
    out = noise(crops, seeded(1))
    assert (out - expected).abs().max() < 1e-5
    assert out.min() >= 0
    assert out.max() <= 1


def test_frames_and_regions_of_a_clip_change_alike_and_clips_differ():
    image = torch.rand(3, 16, 16, generator=seeded())
    crops = image.expand(4, 5, 3, 3, 16, 16)
    out = ClipNoise(NoiseSettings())(crops, seeded())
    for clip in out:
        assert (clip - clip[0, 0]).abs().max() == 0
    assert all((out[i] - out[j]).abs().max() > 0.01 for i in range(4) for j in range(i))


def test_a_shift_moves_right_and_down_and_repeats_the_border():
    crops = torch.zeros(1, 1, 3, 3, 10, 10)
    crops[..., 4, 4] = 1
    crops[..., :, 0] = 0.5
    noise = ClipNoise(NoiseSettings(**(OFF | {"translation": 0.5})))
    still = torch.zeros(1)
    out = noise.apply_draw(
        crops, NoiseDraw(still, still + 1, still + 1, torch.tensor([[0.2, 0.1]]), still.bool())
    )
    assert out[0, 0, 0, 0, 5, 6].item() == pytest.approx(1, abs=1e-5)
    assert out[0, 0, 0, 0, 9, :3].tolist() == pytest.approx([0.5, 0.5, 0.5], abs=1e-5)


def test_draws_stay_in_their_ranges_and_follow_the_seed():
    settings = NoiseSettings(brightness=0.2, contrast=0.3, sharpness=0.4, translation=0.1, flip=0.25)
    noise = ClipNoise(settings)
    draw = noise.draw(20000, seeded())
    for values, centre, reach in (
        (draw.brightness, 0, 0.2),
        (draw.contrast, 1, 0.3),
        (draw.sharpness, 1, 0.4),
        (draw.shift, 0, 0.1),
    ):
        assert (values - centre).abs().max() <= reach + 1e-6
        assert values.min() < centre - 0.95 * reach
        assert values.max() > centre + 0.95 * reach
    assert draw.flip.float().mean().item() == pytest.approx(0.25, abs=0.02)
    assert torch.equal(noise.draw(20000, seeded()).shift, draw.shift)
    without_flip = ClipNoise(NoiseSettings(**(OFF | {"translation": 0.1})))
    assert torch.equal(without_flip.draw(20000, seeded()).shift, draw.shift)


@pytest.mark.parametrize("kinds", [0, 1, 2, 4])
def test_so_many_kinds_change_each_clip_and_all_come_up(kinds):
    draw = ClipNoise(NoiseSettings(kinds=kinds)).draw(200, torch.Generator().manual_seed(0))
    changed = torch.stack(
        [draw.brightness != 0, draw.contrast != 1, draw.sharpness != 1, (draw.shift != 0).any(1)], dim=1
    )
    assert (changed.sum(dim=1) == kinds).all()
    assert (changed.float().mean(dim=0) - kinds / 4).abs().max() < 0.12
    assert 0.3 < draw.flip.float().mean() < 0.7


def test_kinds_that_are_off_take_no_turn():
    draw = ClipNoise(NoiseSettings(kinds=2, contrast=0.0, translation=0.0)).draw(50, seeded(0))
    assert (draw.brightness != 0).all() and (draw.sharpness != 1).all()


def test_magnitude_multiplies_the_strengths_and_stays_in_range():
    plain, double, much = (
        ClipNoise(NoiseSettings(magnitude=magnitude)).draw(64, torch.Generator().manual_seed(1))
        for magnitude in (1.0, 2.0, 100.0)
    )
    assert torch.allclose(double.brightness, 2 * plain.brightness)
    assert torch.allclose(double.shift, 2 * plain.shift)
    assert torch.equal(double.flip, plain.flip)
    for values, low, high in ((much.brightness, -1, 1), (much.contrast, 0, 2), (much.sharpness, 0, 2)):
        assert values.min() >= low and values.max() <= high
    off = ClipNoise(NoiseSettings(magnitude=0, flip=0))
    crops = torch.rand(2, 1, 3, 3, 8, 8)
    assert torch.allclose(off(crops), crops, atol=1e-5)


def test_bytes_are_refused():
    with pytest.raises(TypeError, match="divide by 255"):
        ClipNoise(NoiseSettings())((clips() * 255).byte())


def test_the_batch_way_of_an_accelerator_gives_the_same():
    crops = clips(b=5)
    noise = ClipNoise(NoiseSettings())
    draw = noise.draw(5, seeded())
    at_once = noise._change(crops.flatten(1, 3), draw).view_as(crops)
    assert (at_once - noise.apply_draw(crops, draw)).abs().max() < 1e-6


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no accelerator here")
def test_the_same_seed_gives_the_same_noise_on_an_accelerator():
    crops = clips(b=5)
    noise = ClipNoise(NoiseSettings())
    assert (noise(crops.cuda(), seeded()).cpu() - noise(crops, seeded())).abs().max() < 1e-4


def test_settings_out_of_range_are_named():
    with refused(SettingError, "flip", "1.5"):
        NoiseSettings(flip=1.5)
    with refused(SettingError, "brightness", "-0.1"):
        NoiseSettings(brightness=-0.1)
    with refused(SettingError, "magnitude", "-1"):
        NoiseSettings(magnitude=-1)
    with refused(SettingError, "kinds", "9", "8"):
        NoiseSettings(kinds=9)
