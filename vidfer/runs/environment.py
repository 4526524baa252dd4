"""The versions and the hardware of a training run."""

from __future__ import annotations

import json
import platform
from importlib import metadata
from pathlib import Path

import torch
from accelerate import Accelerator

from vidfer.errors import RunError

PACKAGES = (
    "torch",
    "torchvision",
    "accelerate",
    "kornia",
    "numpy",
    "h5py",
    "opencv-python-headless",
    "safetensors",
)


def environment(accelerator: Accelerator) -> dict:
    """Versions and hardware, without any name of the machine or its user."""
    on_gpu = accelerator.device.type == "cuda"
    return {
        "vidfer": metadata.version("vidfer"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "device": torch.cuda.get_device_name() if on_gpu else accelerator.device.type,
        "processes": accelerator.num_processes,
        "mixed_precision": accelerator.mixed_precision,
    }


def check_same_precision(file: Path, accelerator: Accelerator) -> None:
    """Raise a RunError if a run would go on in another number format.

    Without ``--mixed-precision`` the number format is that of Accelerate, which may have changed.

    Args:
        file: ``environment.json`` of the run, if it is there.
        accelerator: of the resumed run.
    """
    before = json.loads(file.read_text())["mixed_precision"] if file.exists() else None
    if before not in (None, now := accelerator.mixed_precision):
        raise RunError(
            f"{file} has mixed_precision {before}, but Accelerate is set to {now}; resume with "
            f"accelerate launch --mixed_precision {before}, or choose another --out"
        )
