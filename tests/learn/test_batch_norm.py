"""Batch normalisation over processes."""

from accelerate import Accelerator
from torch import nn

from vidfer.learn.batch_norm import sync_batch_norm
from vidfer.models.build import build_recogniser
from vidfer.models.settings import ModelSettings


class OfSeveral:
    """What is asked of an accelerator, as one of two processes would answer."""

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


def test_a_single_process_has_nothing_to_share():
    model = nn.BatchNorm2d(2)
    assert sync_batch_norm(model, Accelerator(cpu=True)) is model
