"""The commands that measure checkpoints, and that hold results against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from vidfer.console import Progress, parse


def eval(arguments: Sequence[str]) -> int:
    """``vidfer eval``"""

    @dataclass(frozen=True, kw_only=True)
    class Eval:
        """Measure a checkpoint: classes of a split, and novel classes from a few examples, clip by clip."""

        checkpoint: Path
        """Checkpoint folder, such as runs/teacher/checkpoints/best."""
        cache: Path
        """The crop cache to measure on."""
        out: Path
        """Folder for the result files, classification.json and fewshot.json."""
        split: Literal["train", "val", "test", "all"] = "test"
        """Which clips to classify, where the checkpoint has a classifier: `all` are all labelled clips of a
        cache that the run has not seen."""
        novel: tuple[str, ...] = ()
        """Classes that the checkpoint was never trained on; with them, few-shot accuracy is measured."""
        ways: int = 3
        """Few-shot: classes in an episode."""
        shots: int = 3
        """Few-shot: example clips of each class."""
        queries: int = 1
        """Few-shot: clips of each class to recognise in an episode."""
        episodes: int = 600
        """Few-shot: episodes, fixed by --seed."""
        curve: tuple[int, ...] = ()
        """Few-shot: also measure with these numbers of shots, for the curve in the report."""
        head: Literal["trained", "prototype"] = "trained"
        """Few-shot: the checkpoint's own head, or the nearest mean of the clip embeddings."""
        frames: int | None = None
        """Frames looked at in each clip; by default as many as the run was trained with."""
        seed: int = 0
        """Of the episodes and of the bootstrap."""
        device: str = "cpu"
        """Where the network runs: cpu, cuda, cuda:1."""

    options = parse(Eval, arguments)
    from vidfer.device import check_device
    from vidfer.evaluate.evaluate_checkpoint import evaluate_checkpoint

    check_device(options.device)
    options.out.mkdir(parents=True, exist_ok=True)  # if it cannot be written to, say so before the work
    asked = {name: value for name, value in vars(options).items() if name != "out"}
    with Progress("looking", "batch") as progress:
        results = evaluate_checkpoint(**asked, progress=progress)
    for name, result in results.items():
        result.save(options.out / f"{name}.json")
        print(result.summary())
        if result.note:
            print(f"  {result.note}")
        print(f"  a row for every clip: {options.out / f'{name}.json'}")
    return 0


def compare(arguments: Sequence[str]) -> int:
    """``vidfer compare``"""

    @dataclass(frozen=True, kw_only=True)
    class Compare:
        """Hold results on the same clips, or on the same few-shot episodes, against the first of them."""

        results: tyro.conf.Positional[tuple[Path, ...]]
        """Two or more: result files of `vidfer eval`, or the folders that it wrote them into."""
        out: Path | None = None
        """Also write the table as .csv or .json."""

    options = parse(Compare, arguments)
    from vidfer.evaluate.comparison import compare_results
    from vidfer.evaluate.comparison_table import check_table_name, comparison_text, write_comparisons

    if options.out:
        check_table_name(options.out)
    comparisons = compare_results(options.results)
    print("\n\n".join(comparison_text(comparison) for comparison in comparisons))
    if options.out:
        write_comparisons(comparisons, options.out)
        print(f"\n{options.out}")
    return 0
