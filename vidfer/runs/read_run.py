"""A run folder as the report and the model card read it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vidfer.errors import VidferError
from vidfer.models.checkpoint import checkpoint_hash


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a recipe left behind; the schema is that of :class:`vidfer.runs.run_folder.RunFolder`."""

    name: str
    """Short name in the report, unlike that of any other run in it."""
    folder: Path
    settings: dict
    environment: dict
    data: dict
    """Cache hashes, classes, and clip ids of each part of the split; empty before the first epoch."""
    metrics: Sequence[dict]
    """One record per line, in the order of training."""
    checkpoints: dict[str, str]
    """Name of the checkpoint -> its hash."""
    teachers: dict[str, str]
    """Hash of a student's checkpoint -> hash of its teacher's."""
    pseudo_labels: Sequence[Path]
    """CSV files, one per round."""

    def name_of(self, checkpoint: str) -> str | None:
        """What the report calls the checkpoint with this hash, or None if the run has no such one.

        ``best`` is the run itself; a student of several rounds is called by its round.
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


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """Read run folders; their names are as many last parts of their paths as it takes to tell them apart.

    Raises:
        VidferError: a folder is no run folder, is given twice, or holds a file that is no JSON.
    """
    resolved = [Path(folder).resolve() for folder in folders]
    for i, folder in enumerate(resolved):
        if folder in resolved[:i]:
            raise VidferError(f"the run {folders[i]} was given twice; name each run once")
    names = [folder.name for folder in resolved]
    depth = 1
    while len(set(names)) < len(names):
        depth += 1
        names = ["/".join(folder.parts[-depth:]) for folder in resolved]
    return [_read(Path(folder), name) for folder, name in zip(folders, names)]


def run_of(checkpoint: Path) -> Path:
    """The run folder around a checkpoint, ``runs/x`` of ``runs/x/checkpoints/best``; it may not be there."""
    return Path(checkpoint).resolve().parent.parent


def is_run(folder: Path) -> bool:
    """Whether a recipe has started a run in this folder."""
    return (folder / "settings.json").is_file()


def read_record(run: Path, name: str) -> dict:
    """One of the JSON files of a run folder; empty where the folder or the file is not there.

    Args:
        run: the folder.
        name: ``settings``, ``environment`` or ``data``.

    Raises:
        RunError: the file is damaged.
    """
    return _json(run / f"{name}.json")


def _read(folder: Path, name: str) -> Run:
    if not is_run(folder):
        raise VidferError(f"{folder} is no run folder (no settings.json); name the --out of a recipe")
    found = sorted((folder / "checkpoints").glob("*/config.json"))
    hashes = {config.parent.name: checkpoint_hash(config.parent) for config in found}
    infos = {config.parent.name: _json(config).get("info", {}) for config in found}
    return Run(
        name=name,
        folder=folder,
        settings=read_record(folder, "settings"),
        environment=read_record(folder, "environment"),
        data=read_record(folder, "data"),
        metrics=_lines(folder / "metrics.jsonl"),
        checkpoints=hashes,
        teachers={hashes[at]: info["teacher_hash"] for at, info in infos.items() if "teacher_hash" in info},
        pseudo_labels=tuple(
            sorted((folder / "pseudo_labels").glob("*.csv"), key=lambda p: (len(p.name), p.name))
        ),
    )


def _json(path: Path) -> dict:
    """The content of a JSON file, or nothing where a run has not come so far as to write it."""
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise VidferError(f"{path} is no JSON ({error}); it is damaged: name another run") from error
    if not isinstance(content, dict):
        raise VidferError(f"{path} holds no JSON object; it is damaged: name another run")
    return content


def _lines(path: Path) -> list[dict]:
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            records.append(json.loads(line))
        except ValueError as error:
            # A run that was killed, or is still writing, leaves half a line; its next start removes it.
            if number < len(lines):
                raise VidferError(f"{path}, line {number} is no JSON ({error}); name another run") from error
    return records
