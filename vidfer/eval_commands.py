"""The commands that measure checkpoints, and that put results together or hold them against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

from vidfer.console import Progress, parse
from vidfer.errors import VidferError

if TYPE_CHECKING:
    from vidfer.evaluate.result import Result


def eval(arguments: Sequence[str]) -> int:
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
    _check_hardest(options.hardest)
    from vidfer.device import check_device
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
    _save(results, out, options.hardest)
    return 0


def _check_hardest(hardest: int) -> None:
    if hardest < 0:
        raise VidferError(f"--hardest {hardest}: a number of clips, 0 for none")


def _save(results: dict[str, Result], out: Path, hardest: int = 0) -> None:
    """Write result files with their tables of clips, and say what they are."""
    from vidfer.evaluate.hardest import hardest_clips, hardest_text
    from vidfer.evaluate.tables import write_clip_table

    for name, result in results.items():
        result.save(out / f"{name}.json")
        write_clip_table(result, out / f"{name}.csv")
        print(result.summary())
        for note in filter(None, (result.owed_to_knowing_who(), result.note)):
            print(f"  {note}")
        if hardest:
            print(f"  hardest of {result.n_clips:,} clips:")
            print("    " + hardest_text(hardest_clips([result], hardest)).replace("\n", "\n    "))
        print(f"  {out / name}.json, a row for every clip in {name}.csv")


def pool(arguments: Sequence[str]) -> int:
    """``vidfer pool``"""

    @dataclass(frozen=True, kw_only=True)
    class Pool:
        """Make one result of the folds of a cross-validation, in which every clip counts exactly once."""

        results: tyro.conf.Positional[tuple[Path, ...]]
        """Run folders of all folds, once `vidfer eval` has measured them, or the folders of their results."""
        out: Path
        """Folder for the pooled result files."""
        hardest: int = 0
        """Also list so many clips that are recognised least, and what they are taken for."""

    options = parse(Pool, arguments)
    _check_hardest(options.hardest)
    from vidfer.evaluate.pool import pool_results

    _save(pool_results(options.results), options.out, options.hardest)
    return 0


def folds(arguments: Sequence[str]) -> int:
    """``vidfer folds``"""

    @dataclass(frozen=True, kw_only=True)
    class Folds:
        """Write the official folds of a data set as a table, for --data.fold 3/folds.csv of the recipes."""

        src: Literal["ckplus", "dfew"]
        """The data set."""
        root: Path
        """As it was given to `vidfer cache`."""
        out: Path
        """The CSV file to write: id, fold."""

    options = parse(Folds, arguments)
    from vidfer.clips.folds import official_folds
    from vidfer.evaluate.tables import write_rows

    found = official_folds(options.src, options.root)
    write_rows(options.out, ("id", "fold"), sorted(found.items()))
    print(f"{options.out}: {len(found):,} clips in {max(found.values())} folds")
    return 0


def episodes(arguments: Sequence[str]) -> int:
    """``vidfer episodes``"""

    @dataclass(frozen=True, kw_only=True)
    class Episodes:
        """Write the episodes of a few-shot result as a table, for other programs to be asked the same."""

        result: tyro.conf.Positional[Path]
        """A fewshot.json of `vidfer eval`."""
        out: Path
        """The CSV file to write: episode, part (support or query), class, clip."""

    options = parse(Episodes, arguments)
    from vidfer.evaluate.result import load_result
    from vidfer.evaluate.tables import write_episodes

    count = write_episodes(load_result(options.result), options.out)
    print(f"{options.out}: {count:,} episodes")
    return 0


def compare(arguments: Sequence[str]) -> int:
    """``vidfer compare``"""

    @dataclass(frozen=True, kw_only=True)
    class Compare:
        """Hold results on the same clips, or on the same few-shot episodes, against the first of them."""

        results: tyro.conf.Positional[tuple[Path, ...]]
        """Two or more: run folders that `vidfer eval` has measured, folders of results, or result files."""
        mixed: bool = False
        """Also hold transductive few-shot results against inductive ones."""
        markdown: bool = False
        """Print the table as Markdown, to be pasted elsewhere."""
        out: Path | None = None
        """Also write the table as .csv, .json or .md."""

    options = parse(Compare, arguments)
    from vidfer.evaluate.comparison import compare_results
    from vidfer.evaluate.comparison_table import (
        check_table_name,
        comparison_markdown,
        comparison_text,
        write_comparisons,
    )

    if options.out:
        check_table_name(options.out)
    comparisons = compare_results(options.results, mixed=options.mixed)
    show = comparison_markdown if options.markdown else comparison_text
    print("\n\n".join(map(show, comparisons)))
    if options.out:
        write_comparisons(comparisons, options.out)
        print(f"\n{options.out}")
    return 0
