"""Result files under the names of their runs, in groups that can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vidfer.errors import ResultError
from vidfer.evaluate.result import Result, load_result
from vidfer.runs.read_run import Run


@dataclass(frozen=True, kw_only=True)
class NamedResult:
    """A result file and what it is called in the report."""

    file: str
    """Name of the folder and of the file, because all result files have the same names."""
    path: Path
    name: str
    run: Run | None
    """None if its checkpoint is in no run of the report."""
    result: Result

    @property
    def seed(self) -> int | None:
        """Seed of the training."""
        return self.run.seed if self.run else None

    @property
    def checkpoint(self) -> Path | None:
        """Folder of the checkpoint; None without a run."""
        if self.run is None:
            return None
        names = {value: name for name, value in self.run.checkpoints.items()}
        return self.run.folder / "checkpoints" / names[self.result.checkpoint_hash]

    @property
    def teacher_hash(self) -> str | None:
        return self.run.teachers.get(self.result.checkpoint_hash) if self.run else None


def read_results(files: Sequence[Path], runs: Sequence[Run]) -> list[NamedResult]:
    """Read result files in the order of the runs they belong to; those without a run come last.

    Raises:
        ResultError: a file is no result file.
    """
    found = []
    loaded = [(file, load_result(file)) for file in files]
    several_heads = len({head_of(result) for _, result in loaded if result.kind == "few-shot"}) > 1
    for file, result in loaded:
        run, name = None, f"checkpoint {result.checkpoint_hash[:12]}"
        if result.pooled:  # it has one checkpoint per fold
            name = Path(file).resolve().parent.name
        if fused := result.protocol.get("fused"):
            name = f"late fusion of {fused}"
        for candidate in runs:
            if known := candidate.name_of(result.checkpoint_hash):
                run, name = candidate, known
                break
        if result.kind == "few-shot" and several_heads:
            name += head_of(result)
        found.append(
            NamedResult(
                file="/".join(Path(file).resolve().parts[-2:]),
                path=Path(file),
                name=name,
                run=run,
                result=result,
            )
        )
    places = {run.name: place for place, run in enumerate(runs)}
    # The rounds of a run stay together, whatever the files are called.
    return sorted(found, key=lambda r: (places[r.run.name] if r.run else len(places), len(r.name), r.name))


def head_of(result: Result) -> str:
    """The end of the name of a few-shot result: ``, csrn head``."""
    return f", {str(result.protocol['head']).removesuffix('Head').lower()} head"


def comparable(results: Sequence[NamedResult]) -> list[list[NamedResult]]:
    """Results of one kind on the same clips, classes and kind of episode, in groups; classification first.

    Raises:
        ResultError: two files measure the same checkpoint in the same way, so it would count twice.
    """
    groups: dict[tuple, list[NamedResult]] = {}
    for named in results:
        result = named.result
        episode = tuple(result.protocol.get(part) for part in ("ways", "shots", "queries"))
        episode = (*episode, result.transductive, result.person_disjoint)
        clips = frozenset(row["clip"] for row in result.rows)
        key = (result.kind, result.cache_hash, result.split, result.classes, episode, clips)
        groups.setdefault(key, []).append(named)
    for group in groups.values():
        _check_counted_once(group)
    return sorted(groups.values(), key=lambda group: group[0].result.kind)


def _check_counted_once(group: Sequence[NamedResult]) -> None:
    seen: dict[tuple, Path] = {}
    for named in group:
        key = (named.name, named.result.checkpoint_hash, named.result.seed)
        if key in seen:
            raise ResultError(
                f"{seen[key]} and {named.path} measure the same checkpoint in the same way; name one of them"
            )
        seen[key] = named.path
