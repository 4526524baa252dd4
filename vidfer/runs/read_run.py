"""Read run folders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vidfer.errors import RunError
from vidfer.models.checkpoint import checkpoint_hash
from vidfer.runs.migrate import current_settings


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a recipe has written, see :class:`vidfer.runs.run_folder.RunFolder`."""

    name: str
    """Short name, different from the name of every other run that was read with it."""
    folder: Path
    settings: dict
    environment: dict
    data: dict
    """Cache hashes, classes, and clip ids of each part of the split; empty before the first epoch."""
    metrics: Sequence[dict]
    """One record per line, in the order of training."""
    checkpoints: dict[str, str]
    """Name of each checkpoint -> its hash."""
    teachers: dict[str, str]
    """Hash of each student's checkpoint -> hash of its teacher's checkpoint."""
    pseudo_labels: Sequence[Path]
    """CSV files, one per round."""

    def name_of(self, checkpoint: str) -> str | None:
        """A name for the checkpoint with this hash; None if the run has no such checkpoint.

        The best checkpoint has the name of the run; a student of several rounds also names its round.
        """
        found = [name for name, value in self.checkpoints.items() if value == checkpoint]
        rounds = [name for name in found if name.startswith("round")]
        if rounds and self.settings.get("rounds", 1) > 1:
            return f"{self.name}, round {rounds[0].removeprefix('round')}"
        if rounds or "best" in found:
            return self.name
        return f"{self.name}, {found[0]}" if found else None

    @property
    def seed(self) -> int | None:
        return self.settings.get("seed")

    @property
    def has_validation_score(self) -> bool:
        """Whether a validation score chose the best checkpoint; without one it is the last checkpoint."""
        return any(
            value is not None
            for record in self.metrics
            for key, value in record.items()
            if key.startswith("val_")
        )


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """Read run folders. The name of each is the end of its path, long enough to tell it from the others.

    Raises:
        RunError: a folder is not a run folder, is named twice, or holds a damaged file.
    """
    resolved = [Path(folder).resolve() for folder in folders]
    for i, folder in enumerate(resolved):
        if folder in resolved[:i]:
            raise RunError(f"the run {folders[i]} was given twice; name each run once")
    names = [folder.name for folder in resolved]
    depth = 1
    while len(set(names)) < len(names):
        depth += 1
        names = ["/".join(folder.parts[-depth:]) for folder in resolved]
    return [_read_run(Path(folder), name) for folder, name in zip(folders, names)]


def run_of(checkpoint: Path) -> Path:
    """The run folder of a checkpoint; it may not exist.

    It is ``runs/x`` of ``runs/x/checkpoints/best``, and of ``runs/x``, which stands for its best checkpoint.
    """
    folder = Path(checkpoint).resolve()
    return folder if is_run(folder) else folder.parent.parent


def given_to(run: Path, settings: dict, path: str | Path) -> Path:
    """A path that a run was given, from where its command was typed.

    Settings hold paths as they were typed. A run folder that still ends as its ``--out`` tells from which
    folder; otherwise it is the present one.
    """
    out, place = Path(settings.get("out", "")), Path(run).resolve()
    n_parts = len(out.parts)
    if n_parts and place.parts[-n_parts:] == out.parts:
        there = Path(*place.parts[:-n_parts]) / path
        if there.exists():
            return there
    return Path(path)


def is_run(folder: Path) -> bool:
    """Whether a recipe has started a run in this folder."""
    return (folder / "settings.json").is_file()


def no_run(folder: Path, writer: str) -> RunError:
    """The error for a folder in which no run was started.

    Args:
        writer: what writes such a folder, in words.
    """
    what = "is not a run folder (no settings.json)" if folder.exists() else "does not exist"
    return RunError(f"{folder} {what}; name the --out of {writer}")


def read_record(run: Path, name: str) -> dict:
    """One of the JSON files of a run folder; empty if the folder or the file does not exist.

    Settings under older names get the names of today.

    Args:
        run: the folder.
        name: ``settings``, ``environment`` or ``data``.

    Raises:
        RunError: the file is damaged.
    """
    content = _read_json(run / f"{name}.json")
    try:
        return current_settings(content) if name == "settings" else content
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise RunError(f"{run / name}.json is damaged ({error}); name another run") from error


def _read_json(path: Path) -> dict:
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} is not JSON ({error}), so it is damaged; name another run") from error
    if not isinstance(content, dict):
        raise RunError(f"{path} is not a JSON object, so it is damaged; name another run")
    return content


def _read_run(folder: Path, name: str) -> Run:
    if not is_run(folder):
        raise no_run(folder, "a recipe")
    found = sorted((folder / "checkpoints").glob("*/config.json"))
    hashes = {config.parent.name: checkpoint_hash(config.parent) for config in found}
    infos = {config.parent.name: _read_json(config).get("info") for config in found}
    for config in found:
        if not isinstance(infos[config.parent.name], dict):
            raise RunError(f"info in {config} is not a JSON object, so it is damaged; name another run")
    return Run(
        name=name,
        folder=folder,
        settings=read_record(folder, "settings"),
        environment=read_record(folder, "environment"),
        data=read_record(folder, "data"),
        metrics=_read_metrics(folder / "metrics.jsonl"),
        checkpoints=hashes,
        teachers={hashes[at]: info["teacher_hash"] for at, info in infos.items() if "teacher_hash" in info},
        pseudo_labels=tuple(
            sorted((folder / "pseudo_labels").glob("*.csv"), key=lambda p: (len(p.name), p.name))
        ),
    )


def _read_metrics(path: Path) -> list[dict]:
    if not path.exists():
        return []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except ValueError as error:
        raise RunError(f"{path} is not UTF-8 text ({error}), so it is damaged; name another run") from error
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            if not isinstance(record, dict):
                raise ValueError("it is no JSON object")
            records.append(record)
        except (ValueError, RecursionError) as error:
            # A run that was killed or is still writing leaves half a line; its next start removes it.
            if number < len(lines):
                raise RunError(f"{path}, line {number} is not JSON ({error}); name another run") from error
    return records
