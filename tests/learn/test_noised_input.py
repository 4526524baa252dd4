"""What a network in training sees."""

import pytest
import torch
from networks import network

from vidfer.data.settings import NoiseSettings
from vidfer.learn.noised_input import NoisedInput
from vidfer.models.frames import resize_images

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
