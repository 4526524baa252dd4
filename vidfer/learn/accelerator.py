"""Accelerate as every recipe uses it."""

from __future__ import annotations

import os

from accelerate import Accelerator
from accelerate.utils import (
    DataLoaderConfiguration,
    DistributedDataParallelKwargs,
    GradientAccumulationPlugin,
    ProjectConfiguration,
)

from vidfer.errors import VidferError
from vidfer.learn.settings import OptimiserSettings
from vidfer.runs.settings import RunSettings

SHARDING = ("FSDP", "DEEPSPEED", "MEGATRON_LM", "PARALLELISM_CONFIG")
"""Of which `accelerate launch` sets a variable ACCELERATE_USE_*."""


def build_accelerator(
    settings: RunSettings, optimiser: OptimiserSettings, *, split_batches: bool
) -> Accelerator:
    """What prepares model, optimiser and loaders for one process or many, for number formats and trackers.

    Args:
        settings: number format, tracker and run folder.
        optimiser: how many batches make a step.
        split_batches: the processes share each batch, so that their number does not change the training;
            otherwise each takes whole batches of its own, such as episodes.

    Raises:
        VidferError: fp16, or batch normalisation over processes, on a CPU; the network is to be sharded.
    """
    check_whole_network()
    accelerator = Accelerator(
        mixed_precision=settings.mixed_precision,
        # Not the number of steps alone: a variable that `accelerate launch` may set would override it.
        gradient_accumulation_plugin=GradientAccumulationPlugin(num_steps=optimiser.accumulate),
        log_with=None if settings.tracker == "none" else settings.tracker,
        project_config=ProjectConfiguration(settings.out, logging_dir=settings.out / "logs"),
        dataloader_config=DataLoaderConfiguration(
            split_batches=split_batches, use_seedable_sampler=True, non_blocking=True
        ),
        # A classifier does not use the maps, heads of vectors do not either, and the plain mean over frames
        # leaves heads of maps without what makes the vector; of EGS-Net one branch learns at a time.
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )
    if accelerator.device.type == "cpu":
        if accelerator.mixed_precision == "fp16":  # Accelerate would train in fp32 and call it fp16
            raise VidferError("--mixed-precision fp16 needs a GPU; on a CPU choose bf16, or leave it out")
        if settings.sync_batch_norm:
            raise VidferError(
                "--sync-batch-norm: torch has it on accelerators only; leave it out on a CPU, where each "
                "process normalises its own clips (a larger batch gives it more of them)"
            )
    return accelerator


def check_whole_network() -> None:
    """Validation, checkpoints and the moving average read the whole network in each process.

    Raises:
        VidferError: the launcher is to give each process a part of it.
    """
    for kind in SHARDING:
        if os.environ.get(f"ACCELERATE_USE_{kind}", "false").lower() in ("true", "1"):
            raise VidferError(
                f"ACCELERATE_USE_{kind} is set and shards the network over the processes; vidfer's fit "
                "on one device (34 million parameters and Adam take half a gigabyte), so start with "
                "--multi_gpu, or set distributed_type: MULTI_GPU in the Accelerate configuration"
            )
