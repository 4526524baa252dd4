"""``vidfer eval``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from vidfer.commands.console import parse
from vidfer.commands.old_names import refuse_old_options
from vidfer.commands.progress import Progress
from vidfer.commands.save_results import check_hardest, save_results
from vidfer.errors import SettingError
from vidfer.evaluate.eval_protocol import EvalProtocol
from vidfer.evaluate.eval_request import check_has_effect, eval_request

EXAMPLES = (
    (
        "vidfer eval --checkpoint runs/student --cache cache/afew.h5",
        "measure on people that training has not seen",
    ),
    (
        "vidfer eval --checkpoint runs/csrn --cache cache/afew.h5 --novel contempt awe --ways 2 --shots 5",
        "measure on new classes, from five examples of each",
    ),
    (
        "vidfer eval --checkpoint basic7 --cache cache/afew.h5 --out results/basic7",
        "measure the included network",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer eval``"""

    @dataclass(frozen=True, kw_only=True)
    class Eval:
        """Measure a checkpoint: classes of a split, and novel classes from a few examples, clip by clip."""

        checkpoint: tuple[Path, ...]
        """Run folder, for its best checkpoint; a checkpoint in it such as runs/x/checkpoints/last; or the
        name of an included network, such as basic7. Several are measured as one: their answers are averaged
        with equal weights."""
        cache: Path
        """The crop cache to measure on."""
        out: Path | None = None
        """Folder for the result files, classification.json and fewshot.json, and their tables of clips. By
        default `results` in the run folder of the checkpoint; there a result of another checkpoint, or of
        other options, is never replaced."""
        hardest: int = 0
        """Also list this many of the clips that are recognised least often, with the answers about them."""
        device: str = "cpu"
        """Where the network runs: cpu, cuda, cuda:1."""
        protocol: Annotated[EvalProtocol, tyro.conf.arg(name="")] = EvalProtocol()

    refuse_old_options(arguments)
    options = parse(Eval, arguments)
    check_hardest(options.hardest)
    from vidfer.data.splits import novel_clips
    from vidfer.evaluate.evaluate_checkpoint import (
        check_not_seen,
        classes_trained_on,
        evaluate_checkpoint,
        hash_of,
    )
    from vidfer.evaluate.find_results import check_free, results_folder
    from vidfer.included import checkpoint_folder
    from vidfer.infer.device import check_device
    from vidfer.store.reader import CropCache

    check_device(options.device)
    protocol = options.protocol
    if options.out is None and len(options.checkpoint) != 1:
        raise SettingError("--out: name a folder for the result of several checkpoints together")
    out = options.out or results_folder(options.checkpoint[0])
    check_has_effect(protocol)
    checkpoints, cache = [checkpoint_folder(one) for one in options.checkpoint], CropCache(options.cache)
    if protocol.novel:  # a wrong request is told before a result that is there
        known = () if protocol.allow_seen else classes_trained_on(checkpoints)
        novel_clips(cache, protocol.novel, base=known)
        for checkpoint in checkpoints:
            check_not_seen(checkpoint, protocol)
    if options.out is None:
        names = ("classification", "fewshot") if protocol.novel else ("classification",)
        hashes = hash_of(checkpoints), cache.content_hash
        check_free(out, *hashes, {name: eval_request(name, protocol) for name in names})
    out.mkdir(parents=True, exist_ok=True)  # a folder that cannot be written to is an error before the work
    with Progress("embedding clips", "batch") as progress:
        results = evaluate_checkpoint(
            options.checkpoint, options.cache, protocol, device=options.device, progress=progress
        )
    save_results(results, out, options.hardest)
    return 0
