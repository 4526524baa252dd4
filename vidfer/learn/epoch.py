"""One epoch of training that can be taken up again at any step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import torch
from accelerate import skip_first_batches
from torch import Tensor
from torch.utils.data import DataLoader

from vidfer.errors import VidferError
from vidfer.learn.seeds import seed_step
from vidfer.learn.stopwatch import Stopwatch
from vidfer.models.ema import Ema
from vidfer.runs.run_folder import RunFolder


class Epoch:
    """The batches of an epoch that are not done yet, and the means over all of them.

    After every ``save_every`` steps all that is needed to go on is saved. What is random in a step is seeded
    by its number, and the batches that are done are skipped without reading them, so a resumed epoch ends as
    an undisturbed one.

    Args:
        loader: prepared by the accelerator.
        run: that saves, and knows seed and accelerator.
        number: of the epoch, from 0; seeds its steps and the order of its batches.
        progress: what the recipe wants back from ``run.progress()`` when this epoch is taken up again.
        ema: the averaged weights to save, if the run has them.
        bar: given the batches, ``initial`` and ``total``, gives them again and shows how far they are, such
            as ``partial(tqdm, desc="epoch 1")``.

    Example, the loop that all recipes have::

        progress = run.progress() or {"epoch": 0, "best": -1.0}
        run.load_state(ema)
        for number in range(progress["epoch"], epochs):
            train_clips.set_epoch(number)
            bar = partial(tqdm, desc=f"epoch {number + 1}/{epochs}", leave=False, disable=not main_process)
            epoch = Epoch(train_loader, run, number, progress, ema=ema, bar=bar)
            model.train()
            for batch in epoch:
                with accelerator.accumulate(model):
                    loss = ...
                    take_step(loss, model, optimiser, schedule, accelerator, clip_norm=1.0, ema=ema)
                epoch.add(loss=loss)
            means = epoch.means()
            share_buffers(model, accelerator)
            ...  # validate, save checkpoints, run.log
            progress |= {"epoch": number + 1}
            run.save_state(progress, ema)
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
        """Batches of this process that are done."""
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
        for batch in batches:
            self.watch.mark()
            seed_step(self.run.seed, self.number, self.done, self.accelerator.process_index)
            yield batch
            self.done += 1
            self.watch.mark()
            steps, left = divmod(self.done, self.accelerator.gradient_accumulation_steps)
            # Gradients that are being added up are not saved, so only where there are none.
            if left == 0 and steps % self.run.save_every == 0 and self.done < len(self):
                self._save()
                self.watch.mark()

    def add(self, **metrics: Tensor | tuple[Tensor, Tensor]) -> None:
        """Adds what one step found.

        Args:
            metrics: a number, or a sum and how many it is a sum of; the same names after every step.
        """
        pairs = [v if isinstance(v, tuple) else (v, torch.ones_like(v)) for v in metrics.values()]
        found = torch.stack([number.detach().float() for pair in pairs for number in pair])
        self.names = list(metrics)
        self.sums = found if self.sums is None else self.sums + found

    def means(self) -> dict[str, float]:
        """Means over the epoch and over the processes, and ``waiting``, the share of the time in which the
        device waited for data, the first batch included, and neither validation nor saving.

        Raises:
            VidferError: a mean is no finite number.
        """
        seconds = torch.tensor(self.watch.read(), device=self.accelerator.device)
        totals = self.accelerator.reduce(torch.cat([self.sums, seconds]), "sum").view(-1, 2).tolist()
        *found, (waited_s, spent_s) = totals
        means = {
            name: total / max(1.0, count) for name, (total, count) in zip(self.names, found, strict=True)
        }
        means["waiting"] = waited_s / max(spent_s, 1e-9)
        if not all(map(math.isfinite, means.values())):
            raise VidferError(
                "the loss is no finite number any more; lower --optimiser.lr, or train without fp16"
            )
        return means

    def _save(self) -> None:
        sums = self.accelerator.gather(self.sums[None]).tolist()
        partial = {"done": self.done, "names": self.names, "sums": sums, "seconds": self.watch.read()}
        self.run.save_state(self.progress, self.ema, partial)
