"""Is one model better than another? Asked of the same clips."""

from __future__ import annotations

from vidfer.errors import VidferError
from vidfer.evaluate.intervals import Interval, paired_difference
from vidfer.evaluate.result import Result


def compare_results(a: Result, b: Result) -> Interval:
    """How much better ``a`` is than ``b``, with a bootstrap over the clips of both, or over their subjects.

    Of classifications it is the difference in WAR; of few-shot results the difference in the mean over
    classes of the mean over clips. Whole people are drawn where subjects are known. An interval above 0 means
    that ``a`` is better.

    Raises:
        VidferError: the results are of different kinds, protocols, classes or clips.
    """
    for what, of_a, of_b in (
        ("kind", a.kind, b.kind),
        ("cache", a.cache_hash, b.cache_hash),
        ("classes", sorted(a.classes), sorted(b.classes)),
        ("protocol", _task(a), _task(b)),
        ("clips", [row["clip"] for row in a.rows], [row["clip"] for row in b.rows]),
    ):
        if of_a != of_b:
            raise VidferError(
                f"the two results are of different {what}, so their difference says nothing; evaluate both "
                f"models in the same way (caches {a.cache}, {b.cache})"
            )
    pairs = [(x, y) for x, y in zip(a.rows, b.rows) if x["asked"] and y["asked"]]
    return paired_difference(
        [x["accuracy"] for x, _ in pairs],
        [y["accuracy"] for _, y in pairs],
        classes=[x["label"] for x, _ in pairs] if a.kind == "few-shot" else None,
        subjects=None if a.n_subjects is None else [x["subject"] for x, _ in pairs],
        seed=a.seed,
    )


def _task(result: Result) -> list:
    """What must be the same; the head and the number of frames belong to the model."""
    task = [result.protocol.get(name) for name in ("ways", "shots", "queries", "episodes")]
    return [*task, result.seed] if result.kind == "few-shot" else task
