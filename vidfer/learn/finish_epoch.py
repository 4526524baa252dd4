"""What every recipe does at the end of an epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch.optim.lr_scheduler import LRScheduler

from vidfer.learn.epoch import Epoch
from vidfer.models.recogniser import Recogniser
from vidfer.percent import percent

IN_WORDS = {"val_uar": "UAR", "val_war": "WAR", "val_accuracy": "accuracy"}
"""How the line on the terminal names the scores."""


def finish_epoch(
    epoch: Epoch,
    model: Recogniser,
    means: Mapping[str, float],
    scores: Mapping[str, float | None],
    schedule: LRScheduler,
    *,
    place: Mapping[str, int],
    info: Mapping[str, Any],
    best: Mapping[str, str] | None = None,
    also: Sequence[str] = (),
    details: Mapping[str, Any] | None = None,
) -> str:
    """Keep the best and the last checkpoint, log the epoch and save the state to go on from.

    Args:
        epoch: the epoch that is done; knows the run, the progress and the averaged weights.
        model: to keep: the trained one, or its moving average.
        means: from the training steps, see :meth:`vidfer.learn.epoch.Epoch.means`.
        scores: of the validation. The first one chooses the best checkpoint; None, where nothing could be
            validated, takes the latest epoch. Empty after an epoch without validation: it is not a candidate.
        schedule: prepared; knows the learning rate, for the log.
        place: ``epoch`` from 1, and ``round`` where there are rounds.
        info: what each checkpoint says about its training, besides ``place`` and ``scores``.
        best: name of each best checkpoint, and the key in the progress under which its score is kept.
        also: names of further checkpoints of this epoch.
        details: further numbers, for the log only.

    Returns:
        Loss, scores and waiting time in one line.
    """
    run, progress = epoch.run, epoch.progress
    info = {**info, **place, **scores}
    for name, kept in (best or {"best": "best"}).items() if scores else ():
        score = next(iter(scores.values()))
        if score is None or score >= progress[kept]:  # of equal ones the later, which was trained longer
            progress[kept] = score
            run.save_checkpoint(name, model, info)
    for name in (*also, "last"):
        run.save_checkpoint(name, model, info)
    run.log(epoch.number + 1, **place, **(details or {}), **means, **scores, lr=schedule.get_last_lr()[0])
    progress["epoch"] = place["epoch"]
    run.save_state(progress, epoch.ema)
    found = ", ".join(
        f"{IN_WORDS[name]} {percent(value, 1)}" for name, value in scores.items() if value is not None
    )
    validated = f", validation {found}" if found else ""
    return f"loss {means['loss']:.4f}{validated}; waiting for data {percent(means['waiting'], 1)} of the time"
