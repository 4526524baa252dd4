"""The versions and the hardware of a training run."""

from __future__ import annotations

import platform
from importlib import metadata

import torch
from accelerate import Accelerator

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
