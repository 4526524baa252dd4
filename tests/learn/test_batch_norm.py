"""Batch normalisation over processes."""

import pytest
import torch
from accelerate import Accelerator
from torch import nn

from vidfer.errors import VidferError
from vidfer.learn.batch_norm import sync_batch_norm
from vidfer.models.build import build_recogniser
from vidfer.models.settings import ModelSettings


class OfSeveral:
    """What is asked of an accelerator, as one of two processes on a GPU would answer."""

    device = torch.device("cuda")
    num_processes = 2


def test_every_normalisation_is_shared_and_no_weight_has_another_name():
    model = build_recogniser(ModelSettings(width=4, head="prototype"), ["happy", "sad"])
    before = model.state_dict()
    shared = sync_batch_norm(model, OfSeveral())
    kinds = {
        type(module) for module in shared.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)
    }
    assert shared is model and kinds == {nn.SyncBatchNorm}
    after = shared.state_dict()
    assert list(after) == list(before) and all(after[name].equal(value) for name, value in before.items())


def test_on_a_cpu_there_is_none():
    with pytest.raises(
        VidferError, match="--sync-batch-norm: torch has it on accelerators only; leave it out"
    ):
        sync_batch_norm(nn.BatchNorm2d(2), Accelerator(cpu=True))
