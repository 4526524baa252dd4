"""Results as an evaluation would give them, with numbers that tests choose."""

from __future__ import annotations

from vidfer.evaluate.intervals import mean_interval, wilson_interval
from vidfer.evaluate.result import Result


def fewshot(accuracies=(0.5, 0.75, 0.25), **changes) -> Result:
    rows = [
        {"clip": f"{i}.mp4", "subject": f"p{i // 2}", "label": "fear" if i < 2 else "angry", "has_face": True,
         "n_queries": 4, "accuracy": a, "confused_with": None}
        for i, a in enumerate(accuracies)
    ]  # fmt: skip
    values = {
        "kind": "few-shot",
        "measures": {"accuracy": mean_interval([0.6, 0.62, 0.64])},
        "chance": 1 / 3,
        "seed": 0,
        "split": "test",
        "classes": ("angry", "fear"),
        "n_clips": len(rows),
        "n_without_face": 0,
        "n_subjects": 2,
        "sources": ("afew",),
        "cache": "afew.h5",
        "cache_hash": "ab",
        "checkpoint_hash": "cd",
        "protocol": {"ways": 3, "shots": 3, "queries": 1, "episodes": 3, "head": "CSRNHead", "n_frames": 8},
        "per_class": [{"class": "angry", "clips": 1, "n_queries": 4, "accuracy": 0.25, "without_face": 0}],
        "confusion": [[1, 3, 0], [1, 6, 1]],
        "rows": rows,
        "curve": [{"shots": 1, "mean": 0.5, "low": 0.4, "high": 0.6, "episodes": 3}],
    }
    return Result(**(values | changes))


def classification(right=(1.0, 0.0, 1.0), **changes) -> Result:
    values = {
        "kind": "classification",
        "measures": {"WAR": wilson_interval(8, 10), "UAR": wilson_interval(7, 10)},
        "chance": 1 / 7,
        "protocol": {"n_frames": 8},
        "curve": [],
    }
    return fewshot(right, **(values | changes))
