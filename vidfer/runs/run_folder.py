"""Write the folder of a training run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from torch import Tensor, nn

from vidfer.data.splits import ClipSplit
from vidfer.errors import DiskError, MissingPackageError, RunError
from vidfer.files import write_json, writing
from vidfer.models.checkpoint import HOW_TO_GO_ON, save_checkpoint
from vidfer.models.ema import Ema
from vidfer.models.finite import first_not_finite
from vidfer.models.recogniser import Recogniser
from vidfer.runs.data_record import NOT_COMPARED, data_record, joint_record, same_data
from vidfer.runs.environment import environment
from vidfer.runs.read_run import is_run, read_record
from vidfer.runs.resume_checks import as_json, check_same_precision, check_same_settings
from vidfer.runs.saved_state import SavedState
from vidfer.runs.settings import RunSettings
from vidfer.store.reader import CropCache


class RunFolder:
    """Writes ``settings.json``, ``environment.json``, ``data.json``, ``metrics.jsonl``, ``checkpoints/``,
    ``pseudo_labels/``, and ``state/``, from which a killed run goes on.

    All processes call all methods. Only the main process writes, except for the state. Every file is replaced
    as a whole, so after a kill there is the old file or the new one. A resumed run forgets what was written
    after the last saved state.

    Args:
        settings: of the recipe; ``settings.out`` is the folder.
        accelerator: of the run.

    Raises:
        MissingPackageError: the tracker is not installed.
        RunError: the folder exists and ``settings.resume`` is not set, or the run was started with other
            settings. All processes raise it.
    """

    def __init__(self, settings: RunSettings, accelerator: Accelerator) -> None:
        self.path, self.accelerator = settings.out, accelerator
        self.seed, self.save_every = settings.seed, settings.save_every
        self.state = SavedState(settings.out, accelerator)
        self.fold: str | None = None
        accelerator.register_save_state_pre_hook(self._check_models)
        if settings.tracker == "wandb" and not accelerator.log_with:  # Accelerate would go on without it
            raise MissingPackageError(
                "--tracker wandb: it is not installed; pip install wandb, or choose another --tracker"
            )
        problem = [None]
        if accelerator.is_main_process:
            try:
                self._open(settings)
            except (RunError, DiskError) as error:
                problem = [error]
        # Otherwise the other processes would wait for ever for a main process that has given up.
        if broadcast_object_list(problem)[0]:
            raise problem[0]
        if settings.tracker != "none":
            accelerator.init_trackers("vidfer")

    def _open(self, settings: RunSettings) -> None:
        file = self.path / "settings.json"
        if is_run(self.path):
            if not settings.resume:
                raise RunError(
                    f"{self.path} already holds a run; add --resume to go on with it, or choose another --out"
                )
            if self._has_learned():
                found = read_record(self.path, "environment")
                check_same_precision(found, self.accelerator, self.path / "environment.json")
                check_same_settings(read_record(self.path, "settings"), settings, file)
            else:  # it begins again, perhaps with settings that work
                write_json(file, as_json(settings))
                (self.path / "data.json").unlink(missing_ok=True)
        elif self.path.exists() and (
            # A run that was killed while it wrote its settings has left a temporary file.
            not self.path.is_dir() or {*self.path.iterdir()} - {file.with_name(file.name + ".tmp")}
        ):
            raise RunError(f"{self.path} exists and is not a run folder; choose another --out")
        else:
            write_json(file, as_json(settings))
        write_json(self.path / "environment.json", environment(self.accelerator))

    def _has_learned(self) -> bool:
        """Whether there is anything that a resumed run would go on from."""
        return self.state.exists() or any((self.path / "checkpoints").glob("*/model.safetensors"))

    def diverged(self, what: str) -> RunError:
        """The error of a training whose numbers are not finite any more. All processes call it.

        Without a finished epoch, the saved state is removed. It leads to the same end, and without it the run
        can begin again with other settings.

        Args:
            what: is not finite.
        """
        checkpoints = self.path / "checkpoints"
        if any(checkpoints.glob("*/model.safetensors")):
            kept = f"the checkpoints of earlier epochs in {checkpoints} are good"
            remedy = "train anew with another --out and with a lower --optim.lr or without fp16"
        else:
            self.accelerator.wait_for_everyone()
            if self.accelerator.is_main_process:
                self.state.remove()
            kept = "no epoch was finished"
            remedy = "start the same command with --resume, and with a lower --optim.lr or without fp16"
        return RunError(
            f"{what} is not a finite number any more: the training in {self.path} has diverged; {kept}; "
            f"{remedy}"
        )

    def _check_finite(self, weights: Mapping[str, Tensor]) -> None:
        name = first_not_finite(weights)
        # Averages of the processes may differ, and all of them must stop.
        if self.accelerator.reduce(torch.tensor(float(name is not None)).to(self.accelerator.device)).item():
            raise self.diverged(f"the weight {name}" if name else "a weight in another process")

    def _check_models(self, models: Sequence[nn.Module], weights: Sequence[dict], folder: str) -> None:
        """Accelerate calls it before it saves its state."""
        for model in models:
            self._check_finite(model.state_dict())

    def save_data(self, split: ClipSplit, cache: CropCache, unlabelled: CropCache | None = None) -> None:
        """Write ``data.json``: the hash of each cache, and the ids of the clips in each part of the split.

        Args:
            split: what the run uses.
            cache: of the labelled clips.
            unlabelled: of ``split.unlabelled``, if that is another cache.

        Raises:
            RunError: a resumed run finds other data than it was started with.
        """
        self.fold = split.fold.name if split.fold else None
        self._save_data(data_record(split, cache, unlabelled), str(cache.path))

    def save_domains(self, splits: Sequence[ClipSplit], caches: Sequence[CropCache]) -> None:
        """Write ``data.json`` of a run on several caches; as :meth:`save_data`."""
        self.fold = splits[0].fold.name if splits[0].fold else None
        self._save_data(joint_record(splits, caches), ", ".join(str(cache.path) for cache in caches))

    def _save_data(self, data: dict, where: str) -> None:
        file = self.path / "data.json"
        known = read_record(self.path, "data")
        self.accelerator.wait_for_everyone()
        if not known and self.accelerator.is_main_process:
            write_json(file, data)
        if known and not same_data(known, data):
            name = next(
                name
                for name in data
                if name not in NOT_COMPARED and not same_data(known.get(name), data[name])
            )
            raise RunError(
                f"{name} of {where} is not as in {file}; resume with the caches that the run was started "
                f"with, or choose another --out"
            )

    def log(self, step: int, **record: Any) -> None:
        """Append a line to ``metrics.jsonl``, and send its numbers to the tracker.

        Args:
            step: place on the tracker's axis; it grows from line to line.
            record: plain JSON data.
        """
        if self.accelerator.is_main_process:
            metrics = self.path / "metrics.jsonl"
            with writing(metrics, HOW_TO_GO_ON), metrics.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        with writing(self.path / "logs", HOW_TO_GO_ON):
            self.accelerator.log({k: v for k, v in record.items() if isinstance(v, (int, float))}, step=step)

    def save_checkpoint(self, name: str, model: Recogniser, info: dict) -> None:
        """Write ``checkpoints/<name>/``; ``info`` says how the model was trained.

        Raises:
            RunError: a weight is not finite, see :meth:`diverged`.
        """
        self._check_finite(model.state_dict())
        if self.accelerator.is_main_process:
            # So a checkpoint of cross-validation tells its fold without its run folder.
            info = info | ({"fold": self.fold} if self.fold else {})
            save_checkpoint(self.path / "checkpoints" / name, model, info)
        self.accelerator.wait_for_everyone()

    def save_state(self, progress: dict, ema: Ema | None = None, partial: dict | None = None) -> None:
        """Save everything that :meth:`load_state` needs to go on from here.

        Args:
            progress: what :meth:`progress` will return.
            ema: the averaged weights, if the run has them.
            partial: in the middle of an epoch: what :meth:`take_partial` will return.

        Raises:
            RunError: a weight is not finite, see :meth:`diverged`.
        """
        self.state.save(progress, ema, partial)

    def progress(self, start: dict | None = None) -> dict | None:
        """The ``progress`` of the last :meth:`save_state`; metrics that came later are removed.

        Args:
            start: what a new run returns. A saved progress must have all its names.

        Raises:
            RunError: the state is damaged, lines of ``metrics.jsonl`` are missing, or the state is from the
                middle of an epoch with another number of processes, which would divide the batches of the
                epoch in another way.
        """
        return self.state.progress(start)

    def take_partial(self) -> dict:
        """The ``partial`` that :meth:`progress` has found, for the first call; then an empty dict."""
        partial, self.state.partial = self.state.partial, {}
        return partial

    def load_state(self, ema: Ema | None = None) -> None:
        """Load the state that :meth:`progress` has found into everything that is prepared, and into ``ema``.

        Does nothing if there is none. Does nothing the second time: what is prepared later starts anew.
        """
        self.state.load(ema)
