"""The state from which a killed run goes on."""

from __future__ import annotations

import json
import shutil
from collections import OrderedDict
from pathlib import Path
from pickle import UnpicklingError

from accelerate import Accelerator
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from vidfer.errors import RunError
from vidfer.files import replace_durably, sync, write_json, writing
from vidfer.models.checkpoint import HOW_TO_GO_ON
from vidfer.models.ema import Ema
from vidfer.models.wrappers import plain_names
from vidfer.runs.check_state import check_state, damaged_state
from vidfer.runs.migrate import current_progress

PROGRESS = "progress.json"


class SavedState:
    """Saves the state of a run into ``state/``, and loads it.

    There is always one whole state: a new one gets its name when it is complete, and then the old one is
    removed. All processes call all methods.

    Args:
        run: the run folder.
        accelerator: of the run; saves and loads everything that it has prepared.
    """

    def __init__(self, run: Path, accelerator: Accelerator) -> None:
        self.folder, self.metrics = run / "state", run / "metrics.jsonl"
        self.accelerator = accelerator
        self.to_load: Path | None = None
        """The state that :meth:`progress` has found, until it is loaded."""
        self.ema_steps: int | None = None
        """What :meth:`progress` has found about the averaged weights."""
        self.partial: dict = {}
        """What :meth:`progress` has found about an epoch in its middle, until it is taken."""
        accelerator.register_save_state_pre_hook(_give_plain_names)
        accelerator.register_load_state_pre_hook(self._load_weights)

    def save(self, progress: dict, ema: Ema | None, partial: dict | None) -> None:
        """Save the state; see :meth:`vidfer.runs.run_folder.RunFolder.save_state`."""
        with writing(self.folder, HOW_TO_GO_ON):
            self._save(progress, ema, partial)

    def _save(self, progress: dict, ema: Ema | None, partial: dict | None) -> None:
        main = self.accelerator.is_main_process
        new = self.folder / "new.tmp"
        if main:
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(parents=True)
        self.accelerator.wait_for_everyone()
        self.accelerator.save_state(str(new))
        self.accelerator.wait_for_everyone()
        if main:
            if self.metrics.exists():
                sync(self.metrics)  # the state says how long it is
            record = {"progress": progress, "partial": partial or {}}
            record |= {"metrics_bytes": self.metrics.stat().st_size if self.metrics.exists() else 0}
            if ema is not None:
                weights = {name: tensor.contiguous() for name, tensor in ema.module.state_dict().items()}
                save_file(weights, new / "ema.safetensors")
                record["ema_steps"] = ema.steps
            write_json(new / PROGRESS, record)
            self._replace_last(new)
        self.accelerator.wait_for_everyone()

    def _replace_last(self, new: Path) -> None:
        for file in new.iterdir():
            sync(file)
        last = self._last()
        name = f"state{1 if last is None else int(last.name.removeprefix('state')) + 1:08d}"
        replace_durably(new, new.with_name(name))
        for older in self.folder.iterdir():
            if older.name != name:
                shutil.rmtree(older)

    def progress(self, start: dict | None) -> dict | None:
        """Find the last state; see :meth:`vidfer.runs.run_folder.RunFolder.progress`."""
        state = self._last()
        if state is None:
            record = {"progress": start and dict(start), "metrics_bytes": 0, "partial": {}}
        else:
            record = self._read(state / PROGRESS, start or {})
        self._check_processes(record["partial"])
        if self.accelerator.is_main_process and self.metrics.exists():
            with self.metrics.open("r+b") as file:
                file.truncate(record["metrics_bytes"])
        self.accelerator.wait_for_everyone()
        self.to_load, self.partial, self.ema_steps = state, record["partial"], record.get("ema_steps")
        return record["progress"]

    def _read(self, file: Path, start: dict) -> dict:
        """The content of ``progress.json``, checked."""
        run = self.folder.parent
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
            record["progress"] = current_progress(record["progress"])
        except (OSError, ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
            raise damaged_state(file, error, run) from error
        check_state(record, run, file)
        if missing := start.keys() - record["progress"].keys():
            raise damaged_state(file, f"progress {min(missing)} is missing", run)
        size = self.metrics.stat().st_size if self.metrics.exists() else None
        if size is not None and size < record["metrics_bytes"]:
            raise RunError(
                f"{self.metrics} has {size} bytes, but it had {record['metrics_bytes']} when {file} was "
                f"written: lines are missing; put them back, or delete {self.metrics} to go on without them"
            )
        return record

    def _check_processes(self, partial: dict) -> None:
        processes = self.accelerator.num_processes
        before = len(partial.get("sums", ())) or processes
        if before != processes:
            raise RunError(
                f"{self.folder.parent} stopped in the middle of an epoch with {before} processes, but now "
                f"there are {processes}; resume with {before}, or choose another --out"
            )

    def exists(self) -> bool:
        """Whether there is a state to go on from."""
        return self._last() is not None

    def remove(self) -> None:
        """Remove the state, so that the run begins again. Only the main process calls it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def load(self, ema: Ema | None) -> None:
        """Load the state that :meth:`progress` has found; see
        :meth:`vidfer.runs.run_folder.RunFolder.load_state`."""
        state, self.to_load = self.to_load, None
        if state is None:
            return
        if ema is not None and self.ema_steps is None:
            raise damaged_state(state / PROGRESS, "ema_steps is missing", self.folder.parent)
        try:
            self.accelerator.load_state(str(state))
            if ema is not None:
                ema.module.load_state_dict(load_file(state / "ema.safetensors"))
        except (OSError, EOFError, RuntimeError, KeyError, SafetensorError, UnpicklingError) as error:
            raise damaged_state(state, error, self.folder.parent) from error
        if ema is not None:
            ema.steps = self.ema_steps

    def _load_weights(self, models: list[nn.Module], folder: str) -> None:
        """Accelerate calls it before it loads its state; what it removes from ``models`` counts as loaded.

        So the state fits a network that is wrapped in another way: compiled, or shared by more processes.
        """
        for i in reversed(range(len(models))):
            file = Path(folder) / (f"model_{i}.safetensors" if i else "model.safetensors")
            network = self.accelerator.unwrap_model(models.pop(), keep_torch_compile=False)
            network.load_state_dict(plain_names(load_file(file)))

    def _last(self) -> Path | None:
        # There are two only after a kill between the naming of the new state and the removal of the old one.
        return max(self.folder.glob("state????????"), default=None)


def _give_plain_names(models: list[nn.Module], weights: list[dict[str, Tensor]], folder: str) -> None:
    """Accelerate calls it before it saves its state."""
    # An OrderedDict, as a state_dict is: only then Accelerate makes its tensors contiguous for safetensors.
    weights[:] = [OrderedDict(plain_names(of_model)) for of_model in weights]
