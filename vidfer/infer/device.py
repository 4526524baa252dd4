"""Checks that this machine has the device that a user names."""

from __future__ import annotations

from vidfer.errors import SettingError


def check_device(name: str) -> None:
    """Raise a SettingError unless torch can use the device ``name``: ``cpu``, ``cuda``, ``cuda:1``."""
    if name == "cpu":
        return
    import torch

    try:
        torch.empty(1, device=name).cpu()
    except (RuntimeError, AssertionError) as error:
        why = str(error).strip().splitlines()[0]
        raise SettingError(
            f"--device {name} cannot be used here ({why}); choose cpu, or leave it out"
        ) from error
