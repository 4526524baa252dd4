"""The folder of a training run: what was asked for, what came of it, and how to go on."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Sequence
from dataclasses import MISSING, asdict, fields, is_dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from safetensors.torch import load_file, save_file

from vidfer.data.splits import ClipSplit
from vidfer.errors import VidferError
from vidfer.files import replace_durably, sync, write_json
from vidfer.models.checkpoint import save_checkpoint
from vidfer.models.ema import Ema
from vidfer.models.recogniser import Recogniser
from vidfer.runs.data_record import data_record, joint_record
from vidfer.runs.settings import RunSettings
from vidfer.store.reader import CropCache

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
MAY_DIFFER = {
    *("resume", "out", "tracker", "protocol", "stop_to_correct", "save_every"),
    *("data.workers", "data.decode"),
}
"""Settings that a resumed run may have otherwise: they say how the work is done, which another machine may
need to do in another way, not what comes of it."""


PROGRESS = "progress.json"


class RunFolder:
    """Writes a run folder: ``settings.json``, ``environment.json``, ``data.json``, ``metrics.jsonl``,
    ``checkpoints/<name>/``, ``pseudo_labels/``, and ``state/`` to go on from.

    All processes call all methods; only the main one writes, except for the state. Everything is replaced as
    a whole, so a kill at any moment leaves the older or the newer version, and a resumed run forgets what was
    written after the last saved state.

    Args:
        settings: of the recipe; ``settings.out`` is the folder.
        accelerator: of the run.

    Raises:
        VidferError: the tracker is not installed; the folder exists and ``settings.resume`` is not set; or it
            is set and the settings are others. Raised in every process alike.
    """

    def __init__(self, settings: RunSettings, accelerator: Accelerator) -> None:
        self.path, self.accelerator = settings.out, accelerator
        self.seed, self.save_every = settings.seed, settings.save_every
        self._state_to_load: Path | None = None
        self._partial: dict = {}
        self.fold: str | None = None
        if settings.tracker == "wandb" and not accelerator.log_with:  # Accelerate would go on without it
            raise VidferError("--tracker wandb: it is not installed; pip install wandb, or choose another")
        problem = [None]
        if accelerator.is_main_process:
            try:
                self._open(settings)
            except VidferError as error:
                problem = [str(error)]
        # The others must not wait for ever for a main process that has given up.
        if broadcast_object_list(problem)[0]:
            raise VidferError(problem[0])
        if settings.tracker != "none":
            accelerator.init_trackers("vidfer")

    def _open(self, settings: RunSettings) -> None:
        wanted = to_json(asdict(settings))
        file = self.path / "settings.json"
        if file.exists():
            if not settings.resume:
                raise VidferError(
                    f"{self.path} holds a run already; add --resume to go on, or choose another --out"
                )
            self._check_precision()
            found = with_defaults(json.loads(file.read_text()), settings)
            before, wanted = _binding(found), _binding(wanted)
            for name in sorted(before.keys() | wanted.keys()):
                if before.get(name) != wanted.get(name):
                    raise VidferError(
                        f"{file} has {name} {_difference(before.get(name), wanted.get(name))}; resume with "
                        f"the settings the run was started with, or choose another --out"
                    )
        elif self.path.exists() and (
            # A run that was killed while it wrote its settings has left a temporary file.
            not self.path.is_dir() or {*self.path.iterdir()} - {file.with_name(file.name + ".tmp")}
        ):
            raise VidferError(f"{self.path} exists and is no run folder; choose another --out")
        else:
            write_json(file, wanted)
        write_json(self.path / "environment.json", environment(self.accelerator))

    def _check_precision(self) -> None:
        """That of a run without ``--mixed-precision`` is Accelerate's, which may have changed meanwhile."""
        file = self.path / "environment.json"
        before = json.loads(file.read_text())["mixed_precision"] if file.exists() else None
        if before not in (None, now := self.accelerator.mixed_precision):
            raise VidferError(
                f"{file} has mixed_precision {before}, Accelerate is set to {now}; resume with "
                f"accelerate launch --mixed_precision {before}, or choose another --out"
            )

    def save_data(self, split: ClipSplit, cache: CropCache, unlabelled: CropCache | None = None) -> None:
        """Writes ``data.json``: the hash of each cache, and the ids of the clips in each part of the split.

        Args:
            split: what the run uses.
            cache: of the labelled clips.
            unlabelled: of ``split.unlabelled``, if that is another one.

        Raises:
            VidferError: a resumed run finds other data than it was started with.
        """
        self.fold = split.fold.name if split.fold else None
        self._keep_data(data_record(split, cache, unlabelled), str(cache.path))

    def save_domains(self, splits: Sequence[ClipSplit], caches: Sequence[CropCache]) -> None:
        """Writes ``data.json`` of a run on several caches, see :func:`joint_record`; raises the same."""
        self.fold = splits[0].fold.name if splits[0].fold else None
        self._keep_data(joint_record(splits, caches), ", ".join(str(cache.path) for cache in caches))

    def _keep_data(self, data: dict, where: str) -> None:
        file = self.path / "data.json"
        known = json.loads(file.read_text()) if file.exists() else None
        self.accelerator.wait_for_everyone()
        if known is None and self.accelerator.is_main_process:
            write_json(file, data)
        if known not in (None, data):
            name = next(name for name in data if data[name] != known.get(name))
            raise VidferError(
                f"{name} of {where} is not what {file} says; resume with the caches the run was "
                f"started with, or choose another --out"
            )

    def log(self, step: int, **record: Any) -> None:
        """Appends a line to ``metrics.jsonl`` and tells the tracker the numbers in it.

        Args:
            step: of the tracker's axis; grows from line to line.
            record: plain JSON data.
        """
        if self.accelerator.is_main_process:
            with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        self.accelerator.log({k: v for k, v in record.items() if isinstance(v, (int, float))}, step=step)

    def save_checkpoint(self, name: str, model: Recogniser, info: dict) -> None:
        """Writes ``checkpoints/<name>/``."""
        if self.accelerator.is_main_process:
            # Apart from its run folder a checkpoint of cross-validation still says that it is one.
            info = info | ({"fold": self.fold} if self.fold else {})
            save_checkpoint(self.path / "checkpoints" / name, model, info)
        self.accelerator.wait_for_everyone()

    def save_state(self, progress: dict, ema: Ema | None = None, partial: dict | None = None) -> None:
        """Saves all that :meth:`load_state` needs to go on from here.

        Args:
            progress: what the recipe wants back from :meth:`progress`.
            ema: the averaged weights, if the run has them.
            partial: in the middle of an epoch what :class:`vidfer.learn.epoch.Epoch` wants back.
        """
        main = self.accelerator.is_main_process
        new = self.path / "state" / "new.tmp"
        if main:
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(parents=True)
        self.accelerator.wait_for_everyone()
        self.accelerator.save_state(str(new))
        self.accelerator.wait_for_everyone()
        if main:
            metrics = self.path / "metrics.jsonl"
            record = {"progress": progress, "partial": partial or {}}
            record |= {"metrics_bytes": metrics.stat().st_size if metrics.exists() else 0}
            if ema is not None:
                weights = {name: tensor.contiguous() for name, tensor in ema.module.state_dict().items()}
                save_file(weights, new / "ema.safetensors")
                record["ema_steps"] = ema.steps
            write_json(new / PROGRESS, record)
            for file in new.iterdir():
                sync(file)
            last = self._last_state()
            name = f"state{1 if last is None else int(last.name.removeprefix('state')) + 1:08d}"
            replace_durably(new, new.with_name(name))
            for older in new.parent.iterdir():
                if older.name != name:
                    shutil.rmtree(older)
        self.accelerator.wait_for_everyone()

    def progress(self) -> dict | None:
        """What the last :meth:`save_state` was given, or None; later metrics are forgotten.

        Raises:
            VidferError: it was saved in the middle of an epoch by another number of processes, which share
                the batches of an epoch in another way.
        """
        state, record = self._last_state(), {"progress": None, "metrics_bytes": 0, "partial": {}}
        if state is not None:
            record = json.loads((state / PROGRESS).read_text())
        metrics, processes = self.path / "metrics.jsonl", self.accelerator.num_processes
        before = len(record["partial"].get("sums", ())) or processes
        if before != processes:
            raise VidferError(
                f"{self.path} was stopped in the middle of an epoch that {before} processes shared, and here "
                f"are {processes}; resume with as many as before, or choose another --out"
            )
        if self.accelerator.is_main_process and metrics.exists():
            with metrics.open("r+b") as file:
                file.truncate(record["metrics_bytes"])
        self.accelerator.wait_for_everyone()
        self._state_to_load, self._partial = state, record["partial"]
        progress = record["progress"]
        if progress and "begun" in progress:  # as it was called before
            progress["training_started"] = progress.pop("begun")
        return progress

    def take_partial(self) -> dict:
        """The ``partial`` that :meth:`progress` has found, for the first epoch that asks; then nothing."""
        partial, self._partial = self._partial, {}
        return partial

    def load_state(self, ema: Ema | None = None) -> None:
        """Puts everything that is prepared, and the averaged weights, in the state that :meth:`progress` has
        found. Does nothing when there is none, or the second time: what is prepared later starts anew."""
        state, self._state_to_load = self._state_to_load, None
        if state is None:
            return
        self.accelerator.load_state(str(state))
        if ema is not None:
            ema.module.load_state_dict(load_file(state / "ema.safetensors"))
            ema.steps = json.loads((state / PROGRESS).read_text())["ema_steps"]

    def _last_state(self) -> Path | None:
        # There are two only after a kill between the rename of the newer and the removal of the older.
        return max((self.path / "state").glob("state????????"), default=None)


def to_json(value: Any) -> Any:
    """Settings as JSON keeps them: paths as text, tuples as lists."""
    if isinstance(value, dict):
        return {name: to_json(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(inner) for inner in value]
    return value.as_posix() if isinstance(value, Path) else value


def environment(accelerator: Accelerator) -> dict:
    """Versions and hardware in words; nothing that names this machine or its user."""
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


def with_defaults(found: dict, settings: object) -> dict:
    """Settings as they were written, with the defaults of those that an older vidfer did not have."""
    filled = dict(found)
    for field in fields(settings):
        value = getattr(settings, field.name)
        if is_dataclass(value) and isinstance(found.get(field.name), dict):
            filled[field.name] = with_defaults(found[field.name], value)
        elif field.name not in found and field.default is not MISSING:
            filled[field.name] = to_json(field.default)
    return filled


def _binding(settings: dict, inside: str = "") -> dict:
    """Without the settings that may differ."""
    return {
        name: _binding(value, f"{inside}{name}.") if isinstance(value, dict) else value
        for name, value in settings.items()
        if inside + name not in MAY_DIFFER
    }


def _difference(before: Any, wanted: Any) -> str:
    """The first value that differs, in words."""
    if isinstance(before, dict) and isinstance(wanted, dict):
        name = next(name for name in before | wanted if before.get(name) != wanted.get(name))
        return f"{name} {_difference(before.get(name), wanted.get(name))}"
    return f"{before!r}, not {wanted!r}"
