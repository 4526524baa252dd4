"""What every recipe does with Accelerate, and with its processes."""

from __future__ import annotations

import os

from accelerate import Accelerator
from accelerate.utils import (
    DataLoaderConfiguration,
    DistributedDataParallelKwargs,
    GradientAccumulationPlugin,
    ProjectConfiguration,
    broadcast,
)
from torch import nn

from vidfer.errors import SettingError
from vidfer.learn.keep_memory import keep_freed_memory
from vidfer.learn.settings import OptimSettings
from vidfer.parent import end_with_launcher
from vidfer.runs.settings import RunSettings

SHARDING = ("FSDP", "DEEPSPEED", "MEGATRON_LM", "PARALLELISM_CONFIG")
"""Ways to shard a network, for each of which `accelerate launch` sets a variable ACCELERATE_USE_*."""

PRECISIONS = ("no", "bf16", "fp16")
"""Number formats in which vidfer trains."""


def build_accelerator(settings: RunSettings, optim: OptimSettings, *, split_batches: bool) -> Accelerator:
    """Build the Accelerator of a run; it prepares model, optimiser and loaders for one process or several.

    Args:
        settings: number format, tracker and run folder.
        optim: how many batches make a step.
        split_batches: the processes share each batch, so their number does not change the training.
            Otherwise each process takes whole batches, such as episodes.

    Raises:
        SettingError: a number format that vidfer does not know, or that Accelerate refuses; fp16, or batch
            normalisation over processes, on a CPU; or a launcher that shards the network.
    """
    check_whole_network()
    end_with_launcher()
    check_precision(settings.mixed_precision or os.environ.get("ACCELERATE_MIXED_PRECISION", "no"))
    try:
        accelerator = _accelerator(settings, optim, split_batches)
    except (ValueError, ImportError) as error:
        raise SettingError(
            f"Accelerate refuses its settings: {error}; change them with `accelerate config`, or look at the "
            "variables ACCELERATE_... of your shell"
        ) from error
    if accelerator.device.type == "cpu":
        keep_freed_memory()
        if accelerator.mixed_precision == "fp16":  # Accelerate would train in fp32 and call it fp16
            raise SettingError("--mixed-precision fp16 needs a GPU; on a CPU choose bf16, or leave it out")
        if settings.sync_batch_norm:
            raise SettingError(
                "--sync-batch-norm: torch cannot do this on a CPU; leave it out (each process then "
                "normalises its own clips; a larger batch gives it more of them)"
            )
    return accelerator


def _accelerator(settings: RunSettings, optim: OptimSettings, split_batches: bool) -> Accelerator:
    return Accelerator(
        mixed_precision=settings.mixed_precision,
        # As a plugin, because `accelerate launch` may set a variable that overrides a plain number.
        gradient_accumulation_plugin=GradientAccumulationPlugin(num_steps=optim.accumulate),
        log_with=None if settings.tracker == "none" else settings.tracker,
        project_config=ProjectConfiguration(settings.out, logging_dir=settings.out / "logs"),
        dataloader_config=DataLoaderConfiguration(
            split_batches=split_batches, use_seedable_sampler=True, non_blocking=True
        ),
        # Some parameters have no gradient: behind the maps for a classifier or a head of vectors, behind the
        # vector for a head of maps, and those of the branch of EGS-Net that does not learn.
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )


def check_precision(name: str) -> None:
    """Raise a SettingError for a number format in which vidfer does not train."""
    if name.lower() not in PRECISIONS:
        raise SettingError(
            f"mixed precision {name}: vidfer trains in {', '.join(PRECISIONS)}; give --mixed-precision bf16, "
            "or change ACCELERATE_MIXED_PRECISION or `accelerate config`"
        )


def check_whole_network() -> None:
    """Raise a SettingError if the launcher gives each process only a part of the network.

    Validation, checkpoints and the moving average need the whole network in each process.
    """
    for kind in SHARDING:
        if os.environ.get(f"ACCELERATE_USE_{kind}", "false").lower() in ("true", "1"):
            raise SettingError(
                f"ACCELERATE_USE_{kind} is set, which shards the network over the processes; vidfer's "
                "networks fit on one device (34 million parameters and Adam take half a gigabyte), so start "
                "with --multi_gpu, or set distributed_type: MULTI_GPU in the Accelerate configuration"
            )


def check_shares(batch_size: int, processes: int) -> None:
    """Raise a SettingError unless the processes can share a batch evenly."""
    if batch_size % processes:
        raise SettingError(
            f"--train.batch-size {batch_size} cannot be shared by {processes} processes; give a multiple"
        )


def sync_batch_norm(model: nn.Module, accelerator: Accelerator) -> nn.Module:
    """Make batch normalisation use the clips of all processes; names of weights stay as they are.

    Call it before the model is prepared, and on accelerators only. With one process the model stays as it is.
    """
    return nn.SyncBatchNorm.convert_sync_batchnorm(model) if accelerator.num_processes > 1 else model


def share_buffers(model: nn.Module, accelerator: Accelerator) -> None:
    """Give every process the running statistics of the first process, whose model is saved."""
    if accelerator.num_processes > 1:
        for buffer in model.buffers():
            broadcast(buffer)
