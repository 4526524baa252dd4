"""Accelerate from the settings of a run, and what its processes share."""

from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from networks import network
from refused import refused
from torch import nn

from vidfer.errors import SettingError
from vidfer.learn.accelerator import build_accelerator, check_shares, sync_batch_norm
from vidfer.learn.settings import OptimSettings
from vidfer.models.build import build_recogniser
from vidfer.runs.settings import RunSettings


@pytest.fixture(autouse=True)
def on_the_cpu_and_as_if_first(monkeypatch):
    """Accelerate keeps the first number format of a process."""
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def build(tmp_path, accumulate: int = 1, **options):
    settings = RunSettings(cache=Path("a.h5"), out=tmp_path / "run", tracker="none", **options)
    optimiser = OptimSettings(accumulate=accumulate)
    return build_accelerator(settings, optimiser, split_batches=True)


def test_the_settings_count_whatever_the_launcher_says(tmp_path, monkeypatch):
    monkeypatch.setenv("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "7")
    accelerator = build(tmp_path, accumulate=3)
    assert accelerator.gradient_accumulation_steps == 3
    assert accelerator.dataloader_config.split_batches
    assert build(tmp_path).gradient_accumulation_steps == 1


def test_bf16_is_for_everybody_and_fp16_for_gpus(tmp_path):
    with build(tmp_path, mixed_precision="bf16").autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16
    AcceleratorState._reset_state(reset_partial_state=True)
    with refused(SettingError, "--mixed-precision fp16", "bf16"):
        build(tmp_path, mixed_precision="fp16")


def test_on_a_cpu_batch_normalisation_is_not_shared(tmp_path):
    with refused(SettingError, "--sync-batch-norm", "CPU"):
        build(tmp_path, sync_batch_norm=True)


@pytest.mark.parametrize("kind", ["FSDP", "DEEPSPEED", "MEGATRON_LM", "PARALLELISM_CONFIG"])
def test_a_sharded_network_is_refused_before_it_is_trained(tmp_path, monkeypatch, kind):
    monkeypatch.setenv(f"ACCELERATE_USE_{kind}", "true")  # as `accelerate launch` does
    with refused(SettingError, f"ACCELERATE_USE_{kind}", "--multi_gpu"):
        build(tmp_path)


class OfSeveral:
    """What is asked of an accelerator, as one of two processes would answer."""

    num_processes = 2


def test_every_normalisation_is_shared_and_no_weight_has_another_name():
    model = build_recogniser(network(width=4, head="prototype"), ["happy", "sad"])
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


def test_a_batch_must_be_shared_evenly():
    check_shares(32, 2)
    with refused(SettingError, "--train.batch-size 33", "2 processes"):
        check_shares(33, 2)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ACCELERATE_MIXED_PRECISION", "fp8"),
        ("ACCELERATE_MIXED_PRECISION", "int4"),
        ("ACCELERATE_DYNAMO_BACKEND", "FASTEST"),
    ],
)
def test_what_accelerate_cannot_do_is_a_message(tmp_path, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with refused(SettingError, value, "accelerate config"):
        build(tmp_path)
