"""A network without weights has the names and shapes of the real one."""

import pytest
import torch
from networks import network

from vidfer.models.build import build_recogniser
from vidfer.models.without_weights import without_weights


@pytest.mark.parametrize("encoder", ["conv4", "resnet18", "grouped_resnet18"])
def test_names_and_shapes_are_those_of_the_network_and_nothing_is_drawn(encoder):
    settings, before = network(encoder, where_known={"width": 4}), torch.get_rng_state()
    with without_weights():
        found = build_recogniser(settings, ("happy", "sad")).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    assert {tensor.device.type for tensor in found.values()} == {"meta"}
    wanted = build_recogniser(settings, ("happy", "sad")).state_dict()
    assert [(name, x.shape) for name, x in found.items()] == [(name, x.shape) for name, x in wanted.items()]
