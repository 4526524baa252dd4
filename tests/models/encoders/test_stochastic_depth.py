"""Stochastic depth through the encoders: per clip, in training only, without a trace in checkpoints."""

from dataclasses import replace

import pytest
import torch
from networks import network
from refused import refused

from vidfer.errors import SettingError
from vidfer.models.build import build_encoder, build_recogniser
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint

DEEP = network(width=4, stochastic_depth=0.5, head=None)
PLAIN = network("resnet18", None, width=4, stochastic_depth=0.5, regions=("face", "mouth"))


@pytest.mark.parametrize("settings", [DEEP, PLAIN], ids=["grouped", "plain"])
def test_all_frames_and_regions_of_a_clip_lose_the_same_blocks(settings):
    encoder = build_encoder(settings.encoder).train()
    frame_mask = torch.tensor([[True, False, True], [False, False, False], [True, True, True]])
    seen = []
    encoder.backbone.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append(args[1] if len(args) > 1 else kwargs["drop_path"]),
        with_kwargs=True,
    )
    encoder(torch.rand(3, 3, 3, 3, 32, 32), frame_mask)
    (mask,) = seen
    regions = 1 if settings is DEEP else 2
    assert mask.shape == (5 * regions, 8)
    first, last = mask[: 2 * regions], mask[2 * regions :]
    assert (first == first[0]).all() and (last == last[0]).all() and not first[0].equal(last[0])


@pytest.mark.parametrize("settings", [DEEP, PLAIN], ids=["grouped", "plain"])
def test_evaluation_and_an_empty_batch_are_as_without(settings):
    torch.manual_seed(1)
    deep = build_encoder(settings.encoder)
    shallow = build_encoder(replace(settings.encoder, stochastic_depth=1.0))
    shallow.load_state_dict(deep.state_dict())
    crops, mask = torch.rand(2, 2, 3, 3, 32, 32), torch.ones(2, 2, dtype=torch.bool)
    with torch.no_grad():
        assert torch.equal(deep.eval()(crops, mask).vector, shallow.eval()(crops, mask).vector)
        vectors = [deep.train()(crops, mask).vector for _ in range(4)]
        assert not all(torch.equal(vectors[0], vector) for vector in vectors)
        assert deep.train()(crops, ~mask).vector.isfinite().all()


def test_a_checkpoint_remembers_it_and_has_no_other_tensors(tmp_path):
    model = build_recogniser(DEEP, ["happy", "sad"])
    assert (
        model.state_dict().keys()
        == build_recogniser(network(width=4, head=None), ["a", "b"]).state_dict().keys()
    )
    save_checkpoint(tmp_path / "deep", model, {})
    assert load_checkpoint(tmp_path / "deep")[0].settings == DEEP


def test_networks_without_such_blocks_refuse_it():
    for encoder in ("conv4", "face_mesh", "torchvision", "timm"):
        with pytest.raises(TypeError, match="stochastic_depth"):
            network(encoder, stochastic_depth=0.8)
    for encoder in ("grouped_resnet18", "resnet18"):
        with refused(SettingError, "--encoder.stochastic-depth 0"):
            network(encoder, stochastic_depth=0)
