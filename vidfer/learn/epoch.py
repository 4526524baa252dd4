"""One epoch of training that can be resumed after any step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from accelerate import skip_first_batches
from accelerate.utils import set_seed
from torch import Tensor
from torch.utils.data import DataLoader

from vidfer.data.loader import loaded
from vidfer.errors import RunError
from vidfer.learn.stopwatch import Stopwatch
from vidfer.models.ema import Ema
from vidfer.runs.run_folder import RunFolder


class Epoch:
    """Gives the batches of an epoch that are not done yet, and the means over the whole epoch.

    The state is saved after every ``run.save_every`` steps. The number of a step seeds everything random in
    it, and batches that are done are skipped without being read. So a resumed epoch ends with the same
    weights as an epoch without an interruption.

    Args:
        loader: prepared by the accelerator.
        run: saves the state, and tells seed and accelerator.
        number: of the epoch, from 0; it seeds the steps and the order of the batches.
        progress: what ``run.progress(...)`` returns when this epoch is resumed.
        ema: the averaged weights to save, if the run has them.
        bar: wraps the batches in a progress bar; called with the batches, ``initial`` and ``total``, for
            example ``partial(tqdm, desc="epoch 1")``.

    Raises:
        RunError: the state says that more batches are done than the epoch has.

    Example, the loop of all recipes::

        progress = run.progress({"epoch": 0, "best": -1.0})
        run.load_state(ema)
        for number in range(progress["epoch"], epochs):
            train_clips.set_epoch(number)
            epoch = Epoch(train_loader, run, number, progress, ema=ema)
            model.train()
            for batch in epoch:
                with accelerator.accumulate(model):
                    loss = ...
                    take_step(loss, model, optimiser, schedule, accelerator, clip_norm=1.0, ema=ema)
                epoch.add(loss=loss)
            means = epoch.means()
            share_buffers(model, accelerator)
            ...  # validate
            finish_epoch(epoch, model, place={"epoch": number + 1}, means=means, ...)
    """

    def __init__(
        self,
        loader: DataLoader,
        run: RunFolder,
        number: int,
        progress: dict,
        *,
        ema: Ema | None = None,
        bar: Callable[..., Iterable[dict]] | None = None,
    ) -> None:
        self.loader, self.run, self.number, self.progress = loader, run, number, progress
        self.ema, self.bar = ema, bar
        self.accelerator = run.accelerator
        before = run.take_partial()
        self.done = before.get("done", 0)
        """Number of batches that this process has done."""
        if self.done >= len(self) > 0:
            raise RunError(
                f"{run.path / 'state'} says that {self.done} of {len(self)} batches of an epoch are done, so "
                f"it is damaged; delete it, and --resume trains from the beginning"
            )
        self.names: list[str] = before.get("names", [])
        device, rank = self.accelerator.device, self.accelerator.process_index
        self.sums = torch.tensor(before["sums"][rank], device=device) if self.done else None
        self.watch = Stopwatch(device, *before.get("seconds", (0.0, 0.0)))

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[dict]:
        self.loader.set_epoch(self.number)
        batches = skip_first_batches(self.loader, self.done) if self.done else self.loader
        if self.bar is not None:
            batches = self.bar(batches, initial=self.done, total=len(self))
        self.watch.mark()
        for batch in loaded(batches):
            self.watch.mark()
            seed_step(self.run.seed, self.number, self.done, self.accelerator.process_index)
            yield batch
            self.done += 1
            self.watch.mark()
            steps, left = divmod(self.done, self.accelerator.gradient_accumulation_steps)
            # The state does not hold gradients of half a step, so save only between steps.
            if left == 0 and steps % self.run.save_every == 0 and self.done < len(self):
                self._save()
                self.watch.mark()

    def add(self, **metrics: Tensor | tuple[Tensor, Tensor]) -> None:
        """Add the numbers of one step.

        Args:
            metrics: each a number, or a sum and its count; with the same names after every step.
        """
        pairs = [v if isinstance(v, tuple) else (v, torch.ones_like(v)) for v in metrics.values()]
        found = torch.stack([number.detach().float() for pair in pairs for number in pair])
        self.names = list(metrics)
        self.sums = found if self.sums is None else self.sums + found

    def means(self) -> dict[str, float]:
        """Means over the epoch and over the processes.

        ``waiting`` is the share of the training time in which the device waited for data, also for the first
        batch.

        Raises:
            RunError: a mean is not a finite number, see
                :meth:`vidfer.runs.run_folder.RunFolder.diverged`.
        """
        seconds = torch.tensor(self.watch.read(), device=self.accelerator.device)
        totals = self.accelerator.reduce(torch.cat([self.sums, seconds]), "sum").view(-1, 2).tolist()
        *found, (waited_s, spent_s) = totals
        means = {
            name: total / max(1.0, count) for name, (total, count) in zip(self.names, found, strict=True)
        }
        means["waiting"] = waited_s / max(spent_s, 1e-9)
        self._check(means.values())
        return means

    def _save(self) -> None:
        sums = self.accelerator.gather(self.sums[None]).tolist()
        self._check(number for of_process in sums for number in of_process)
        partial = {"done": self.done, "names": self.names, "sums": sums, "seconds": self.watch.read()}
        self.run.save_state(self.progress, self.ema, partial)

    def _check(self, numbers: Iterable[float]) -> None:
        if not all(map(math.isfinite, numbers)):
            raise self.run.diverged("the loss")


def seed_step(seed: int, epoch: int, step: int, process_index: int = 0) -> int:
    """Seed Python, NumPy and torch (all devices) for one step of one process, and return the seed.

    So noise, dropout and drop-path need no saved generator: a step after a resume draws the same numbers as
    without an interruption. Processes differ, or they would noise their clips alike.
    """
    mixed = int(np.random.SeedSequence([seed, epoch, step, process_index]).generate_state(1)[0])
    set_seed(mixed)
    return mixed
