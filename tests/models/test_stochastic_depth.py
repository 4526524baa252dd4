"""Stochastic depth through the encoders: per clip, in training only, without a trace in checkpoints."""

from dataclasses import replace

import pytest
import torch

from vidfer.errors import VidferError
from vidfer.models.build import build_encoder, build_recogniser
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint
from vidfer.models.settings import ModelSettings

DEEP = ModelSettings(width=4, stochastic_depth=0.5, head=None)
PLAIN = replace(DEEP, encoder="resnet18", regions=("face", "mouth"))


@pytest.mark.parametrize("settings", [DEEP, PLAIN], ids=["grouped", "plain"])
def test_all_frames_and_regions_of_a_clip_lose_the_same_blocks(settings):
    encoder = build_encoder(settings).train()
    frame_mask = torch.tensor([[True, False, True], [False, False, False], [True, True, True]])
    seen = []
    encoder.backbone.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append(args[1] if len(args) > 1 else kwargs["fates"]), with_kwargs=True
    )
    encoder(torch.rand(3, 3, 3, 3, 32, 32), frame_mask)
    (fates,) = seen
    regions = 1 if settings is DEEP else 2
    assert fates.shape == (5 * regions, 8)
    first, last = fates[: 2 * regions], fates[2 * regions :]
    assert (first == first[0]).all() and (last == last[0]).all() and not first[0].equal(last[0])


@pytest.mark.parametrize("settings", [DEEP, PLAIN], ids=["grouped", "plain"])
def test_evaluation_and_an_empty_batch_are_as_without(settings):
    torch.manual_seed(1)
    deep = build_encoder(settings)
    shallow = build_encoder(replace(settings, stochastic_depth=1.0))
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
        == build_recogniser(ModelSettings(width=4, head=None), ["a", "b"]).state_dict().keys()
    )
    save_checkpoint(tmp_path / "deep", model, {})
    assert load_checkpoint(tmp_path / "deep")[0].settings == DEEP


def test_networks_without_such_blocks_refuse_it():
    with pytest.raises(VidferError, match="it is for grouped_resnet18 and resnet18: leave it out with conv4"):
        ModelSettings(encoder="conv4", stochastic_depth=0.8)
    with pytest.raises(VidferError, match="stochastic_depth is 0"):
        ModelSettings(stochastic_depth=0)
