"""``vidfer eval``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from vidfer.commands.console import Progress, parse
from vidfer.commands.save_results import check_hardest, save_results


def main(arguments: Sequence[str]) -> int:
    """``vidfer eval``"""

    @dataclass(frozen=True, kw_only=True)
    class Eval:
        """Measure a checkpoint: classes of a split, and novel classes from a few examples, clip by clip."""

        checkpoint: Path
        """Run folder, for its best checkpoint, or a checkpoint in it such as runs/x/checkpoints/last."""
        cache: Path
        """The crop cache to measure on."""
        out: Path | None = None
        """Folder for the result files, classification.json and fewshot.json, and their tables of clips; by
        default `results` in the run folder of the checkpoint, where no result of another checkpoint or to
        another question is written over."""
        split: Literal["train", "val", "test", "all"] = "test"
        """Which clips to classify, where the checkpoint has a classifier. In cross-validation those that the
        run held out; `all` are all labelled clips of a cache that the run has not seen."""
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
        transductive: bool = False
        """Few-shot: judge the queries of an episode together, each a help for the others, instead of one by
        one. Needs several queries, and is not to be compared with one by one."""
        other_people: bool = False
        """Few-shot: no query is of a person who is among the examples of its episode, so that nothing is won
        by knowing who it is. Needs a cache that names people."""
        hardest: int = 0
        """Also list so many clips that are recognised least, and what they are taken for."""
        frames: int | None = None
        """Frames looked at in each clip, evenly spaced, and all of them where it has fewer (with a face); by
        default as many as the run was trained with."""
        seed: int = 0
        """Of the episodes and of the bootstrap."""
        device: str = "cpu"
        """Where the network runs: cpu, cuda, cuda:1."""

    options = parse(Eval, arguments)
    check_hardest(options.hardest)
    from vidfer.commands.device import check_device
    from vidfer.evaluate.evaluate_checkpoint import best_of, evaluate_checkpoint
    from vidfer.evaluate.find_results import check_free, results_folder
    from vidfer.evaluate.question import question_of
    from vidfer.models.checkpoint import checkpoint_hash
    from vidfer.store.reader import CropCache

    check_device(options.device)
    out = options.out or results_folder(options.checkpoint)
    names = ("classification", "fewshot") if options.novel else ("classification",)
    questions = {name: question_of(name, vars(options)) for name in names}
    if options.out is None:
        hashes = checkpoint_hash(best_of(options.checkpoint)), CropCache(options.cache).content_hash
        check_free(out, *hashes, questions)
    out.mkdir(parents=True, exist_ok=True)  # if it cannot be written to, say so before the work
    asked = {name: value for name, value in vars(options).items() if name not in ("out", "hardest")}
    with Progress("looking", "batch") as progress:
        results = evaluate_checkpoint(**asked, progress=progress)
    for name, result in results.items():
        results[name] = replace(result, protocol=result.protocol | {"asked": questions[name]})
    save_results(results, out, options.hardest)
    return 0
