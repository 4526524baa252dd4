"""Accelerate from the settings of a run."""

from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState

from vidfer.errors import VidferError
from vidfer.learn.accelerator import build_accelerator
from vidfer.learn.settings import OptimiserSettings
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
    optimiser = OptimiserSettings(accumulate=accumulate)
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
    with pytest.raises(VidferError, match="--mixed-precision fp16 needs a GPU; on a CPU choose bf16"):
        build(tmp_path, mixed_precision="fp16")


def test_on_a_cpu_batch_normalisation_is_not_shared(tmp_path):
    with pytest.raises(
        VidferError, match="--sync-batch-norm: torch has it on accelerators only; leave it out"
    ):
        build(tmp_path, sync_batch_norm=True)


@pytest.mark.parametrize("kind", ["FSDP", "DEEPSPEED", "MEGATRON_LM", "PARALLELISM_CONFIG"])
def test_a_sharded_network_is_refused_before_it_is_trained(tmp_path, monkeypatch, kind):
    monkeypatch.setenv(f"ACCELERATE_USE_{kind}", "true")  # as `accelerate launch` does
    with pytest.raises(
        VidferError, match=f"ACCELERATE_USE_{kind} is set and shards the network.*--multi_gpu"
    ):
        build(tmp_path)
