"""Results by what a user names: a file, a folder of them, or a run."""

from __future__ import annotations

from pathlib import Path

from vidfer.errors import VidferError
from vidfer.evaluate.question import difference
from vidfer.evaluate.result import Result, load_result

FILES = ("classification.json", "fewshot.json")
"""Names under which `vidfer eval` leaves its results in a folder."""

OF_RUN = "results"
"""Folder within a run folder where `vidfer eval` leaves them unless it is told another."""


def results_folder(checkpoint: Path) -> Path:
    """Where the results of a checkpoint go: ``results`` in its run folder.

    Args:
        checkpoint: a run folder, or a checkpoint in one.

    Raises:
        VidferError: there is no run folder around it.
    """
    for run in (Path(checkpoint), Path(checkpoint).resolve().parent.parent):
        if (run / "settings.json").is_file():
            return run / OF_RUN
    raise VidferError(f"{checkpoint} is in no run folder; name a folder for the results with --out")


def check_free(folder: Path, checkpoint_hash: str, cache_hash: str, questions: dict[str, str]) -> None:
    """Raises a VidferError if there are results of another checkpoint or cache, or if a result that answers
    another question would be lost.

    Args:
        folder: where results are to be written.
        checkpoint_hash, cache_hash: of the new results.
        questions: what they answer (:func:`vidfer.evaluate.question.question_of`), by their names.
    """
    for file in result_files(folder):
        found = load_result(file)
        there, now = found.protocol.get("asked"), questions.get(file.stem)
        differs = [
            what
            for what, there, now in (
                ("checkpoint", found.checkpoint_hash, checkpoint_hash),
                (f"cache ({found.cache})", found.cache_hash, cache_hash),
            )
            if there != now
        ]
        if differs:
            raise VidferError(
                f"{file} is of another {' and another '.join(differs)}; choose a folder with --out, or move "
                f"it away"
            )
        if now is not None and there != now:
            what = f"another question ({difference(there, now)})" if there else "nobody knows which question"
            raise VidferError(f"{file} answers {what}; choose a folder with --out, or move it away")


def results_in(path: Path) -> dict[str, Result]:
    """Results by kind: of a file its own; of a folder, also of a run, those that `vidfer eval` left there.

    Raises:
        VidferError: there is none.
    """
    files = result_files(path) if path.is_dir() else [path]
    if not files:
        raise VidferError(
            f"{path} holds neither {' nor '.join(FILES)}, and no folder {OF_RUN} with them; measure with "
            "`vidfer eval`, or name a folder that was its --out"
        )
    loaded = [load_result(file) for file in files]
    return {result.kind: result for result in loaded}


def result_files(folder: Path) -> list[Path]:
    """What `vidfer eval` left in a folder, or in a run."""
    if (folder / "settings.json").is_file():
        folder = folder / OF_RUN
    return [folder / name for name in FILES if (folder / name).is_file()]
