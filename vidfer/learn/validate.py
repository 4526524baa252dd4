"""The validation at the end of an epoch of a classifier."""

from __future__ import annotations

from collections.abc import Iterable

from accelerate import Accelerator

from vidfer.infer.predict import predict, war_uar
from vidfer.learn.calibration import calibration_info
from vidfer.models.recogniser import Recogniser


def validate(
    model: Recogniser, loaders: Iterable[Iterable[dict]], accelerator: Accelerator
) -> tuple[dict[str, float], dict]:
    """Measure a classifier on validation clips, all loaders together.

    Args:
        model: the trained network, or its moving average.
        loaders: prepared, one for each cache.
        accelerator: gathers the predictions of all processes.

    Returns:
        ``val_uar`` and ``val_war`` in [0, 1], see :func:`vidfer.infer.predict.war_uar`; and for the ``info``
        of the checkpoint its ``calibration``, if there are enough clips.
    """
    found = [predict(model, loader, accelerator) for loader in loaders]
    war, uar = war_uar(*found)
    return {"val_uar": uar, "val_war": war}, calibration_info(found)
