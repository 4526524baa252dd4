"""Finds the results behind a path that a user gives: a result file, a folder of results, or a run folder."""

from __future__ import annotations

from pathlib import Path

from vidfer.errors import ResultError, RunError
from vidfer.evaluate.eval_request import request_difference
from vidfer.evaluate.result import Result, load_result
from vidfer.hub import is_address, with_both_slashes
from vidfer.included import ZOO, checkpoint_folder
from vidfer.runs.read_run import is_run, run_of

FILES = ("classification.json", "fewshot.json")
"""Names of the result files that `vidfer eval` writes into a folder."""

FOLDER = "results"
"""Folder within a run folder into which `vidfer eval` writes them, unless --out names another."""


def results_folder(checkpoint: Path) -> Path:
    """The folder for the results of a checkpoint: ``results`` in its run folder.

    Args:
        checkpoint: a run folder, or a checkpoint in one.

    Raises:
        RunError: there is no such folder, it is in no run folder, or it is an included network or one from
            the hub.
    """
    if is_address(checkpoint):
        raise RunError(
            f"--checkpoint {with_both_slashes(checkpoint)} is on the hub; name a folder for the results with "
            "--out"
        )
    if checkpoint_folder(checkpoint).parent == ZOO:
        raise RunError(
            f"--checkpoint {checkpoint} is included in vidfer; name a folder for the results with --out"
        )
    if not Path(checkpoint).is_dir():
        raise RunError(
            f"there is no folder {checkpoint}; give --checkpoint a run folder, or a checkpoint such as "
            "runs/teacher/checkpoints/best"
        )
    for run in (Path(checkpoint), run_of(checkpoint)):
        if is_run(run):
            return run / FOLDER
    raise RunError(f"{checkpoint} is in no run folder; name a folder for the results with --out")


def check_free(folder: Path, checkpoint_hash: str, cache_hash: str, requests: dict[str, str]) -> None:
    """Refuse to write results over those of another checkpoint, cache or request.

    Args:
        folder: where the results will be written.
        checkpoint_hash, cache_hash: of the new results.
        requests: name of the result -> :func:`vidfer.evaluate.eval_request.eval_request`.

    Raises:
        ResultError: such a result is there.
    """
    for file in result_files(folder):
        found = load_result(file)
        differs = [
            what
            for what, before, now in (
                ("checkpoint", found.checkpoint_hash, checkpoint_hash),
                (f"cache ({found.cache})", found.cache_hash, cache_hash),
            )
            if before != now
        ]
        if differs:
            raise ResultError(
                f"{file} is of another {' and another '.join(differs)}; choose a folder with --out, or move "
                f"the file away"
            )
        before, now = found.protocol.get("request"), requests.get(file.stem)
        if now is not None and before != now:
            what = f"({request_difference(before, now)})" if before else "that is not known"
            raise ResultError(
                f"{file} is the result of another request {what}; choose a folder with --out, or move the "
                f"file away"
            )


def results_in(path: Path) -> dict[str, Result]:
    """The result of a file, or all results of a folder or of a run, by kind.

    Raises:
        ResultError: there is none.
    """
    files = result_files(path) if path.is_dir() else [path]
    if not files:
        raise ResultError(
            f"{path} holds neither {' nor '.join(FILES)}, and no folder {FOLDER} with them; measure with "
            "`vidfer eval`, or name a folder that was its --out"
        )
    loaded = [load_result(file) for file in files]
    return {result.kind: result for result in loaded}


def result_files(folder: Path) -> list[Path]:
    """The result files in a folder, or in a run."""
    if is_run(folder):
        folder = folder / FOLDER
    return [folder / name for name in FILES if (folder / name).is_file()]
