"""Calibrates checkpoints at the end of a training whose epochs are not validated with the classifier."""

from __future__ import annotations

from collections.abc import Sequence

from accelerate import Accelerator
from torch.utils.data import DataLoader

from vidfer.infer.iterate import iterate_batches
from vidfer.infer.predict import predict
from vidfer.learn.calibration import calibration_info
from vidfer.models.checkpoint import load_checkpoint
from vidfer.runs.run_folder import RunFolder


def calibrate_checkpoints(
    run: RunFolder, names: Sequence[str], loaders: Sequence[DataLoader], accelerator: Accelerator
) -> None:
    """Write the calibration of checkpoints into their ``info``; weights and hash stay the same.

    A kill loses nothing: resumed, a finished training does only this again. All processes call it.

    Args:
        run: the folder that has the checkpoints.
        names: of the checkpoints, such as ``best``.
        loaders: of the validation clips of each cache, not prepared.
        accelerator: tells the device.
    """
    for name in names:
        model, info = load_checkpoint(run.path / "checkpoints" / name)
        accelerator.wait_for_everyone()  # all processes have read it
        model.to(accelerator.device)
        found = [predict(model, iterate_batches(loader, accelerator.device)) for loader in loaders]
        run.save_checkpoint(name, model, info | calibration_info(found))
