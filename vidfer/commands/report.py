"""``vidfer report``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vidfer.commands.console import parse
from vidfer.commands.say import give, tell

EXAMPLES = (
    (
        "vidfer report --runs runs/teacher runs/student --cache cache/afew.h5",
        "write report.html about two runs",
    ),
    (
        "vidfer report --results results/basic7/classification.json --out basic7.html",
        "write a page about one result",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer report``"""

    @dataclass(frozen=True, kw_only=True)
    class Report:
        """Write one HTML page about runs and results, and a model card beside each run's best checkpoint."""

        runs: tuple[Path, ...] = ()
        """Run folders, teachers before their students."""
        results: tuple[Path, ...] = ()
        """Result files of `vidfer eval`, or their folders; by default those in the run folders."""
        cache: Path | None = None
        """The crop cache that the results were measured on, for film strips of some clips."""
        out: Path = Path("report.html")
        """The page to write."""
        device: str = "cpu"
        """Where the networks run for the film strips: cpu, cuda, cuda:1."""

    options = parse(Report, arguments)
    from vidfer.evaluate.find_results import result_files
    from vidfer.infer.device import check_device
    from vidfer.report.build import build_report
    from vidfer.report.model_card import write_model_card

    check_device(options.device)
    # A folder without results is told when it is read.
    results = tuple(file for path in options.results for file in (result_files(path) or [path]))
    results = results or tuple(file for run in options.runs for file in result_files(run))
    written = [build_report(**vars(options) | {"results": results})]
    tell(f"page: {written[0]}")
    for run in options.runs:
        if (run / "checkpoints" / "best").is_dir():  # a run that has only begun has none
            written.append(write_model_card(run, results))
            tell(f"model card: {written[-1]}")
    give(*written)
    return 0
