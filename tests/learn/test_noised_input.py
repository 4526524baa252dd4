"""What a network in training sees."""

import pytest
import torch
from networks import network

from vidfer.data.settings import NoiseSettings
from vidfer.learn.noised_input import NoisedInput
from vidfer.models.build import build_encoder
from vidfer.models.frames import resize_images, select_regions

CROPS = torch.randint(
    0, 256, (2, 2, 3, 3, 48, 48), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
)


@pytest.mark.parametrize(
    ("model", "side"),
    [
        ({"encoder": "conv4"}, 64),
        ({"input_px": 32}, 32),
        ({}, 48),
        ({"encoder": "face_mesh"}, 48),
    ],
)
def test_the_side_is_that_of_the_network(model, side):
    noised = NoisedInput(NoiseSettings(), network(**model).encoder.input_px).train()(CROPS)
    assert noised.shape == (2, 2, 3, 3, side, side) and noised.dtype == torch.float32
    assert noised.min() >= 0 and noised.max() <= 1


def test_without_noise_it_is_what_the_network_sees_in_evaluation_to_one_level():
    quiet = NoisedInput(NoiseSettings(), 32).eval()(CROPS)
    wanted = resize_images(CROPS.float().flatten(0, 2) / 255, 32).unflatten(0, (2, 2, 3))
    assert (quiet - wanted).abs().max() <= 1.01 / 255


def test_noise_comes_from_the_seed():
    noise = NoisedInput(NoiseSettings(), None).train()
    seen = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        seen.append(noise(CROPS))
    assert seen[0].equal(seen[1]) and not seen[0].equal(seen[2])
    assert not seen[0].equal(CROPS.float() / 255)


@pytest.mark.parametrize("regions", [("face",), ("eyes", "mouth")])
def test_some_regions_are_noised_as_among_all_and_mean_the_same_to_the_network(regions):
    model = build_encoder(network(regions=regions, width=4, head=None).encoder).eval()
    seen, mask = {}, torch.ones(2, 2, dtype=torch.bool)
    for these in (("face", "eyes", "mouth"), regions):
        torch.manual_seed(0)
        seen[these] = NoisedInput(NoiseSettings(), 32, these).train()(CROPS)
    every, some = seen.values()
    assert torch.equal(some, select_regions(every, regions)) and some.shape[2] == len(regions)
    assert torch.equal(model(some, mask).vector, model(every, mask).vector)
