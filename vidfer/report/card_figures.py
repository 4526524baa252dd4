"""The figures of a model card: every measure with its interval, and the recall of every class."""

from __future__ import annotations

from collections.abc import Sequence

from vidfer.evaluate.result import Result
from vidfer.report.named_results import head_of


def figures(results: Sequence[Result]) -> str:
    """The figures of some results as Markdown: every measure with its interval, and every class."""
    if not results:
        return "Not measured yet; `vidfer eval` measures."
    lines = [
        "Per cent, with 95 % intervals.\n",
        "| measured on | measure | chance | result |",
        "|---|---|---|---|",
    ]
    for result in results:
        where = (
            f"{result.cache}, split {result.split}, {result.n_clips:,} clips ({', '.join(result.sources)})"
        )
        kind = ""
        if result.kind == "few-shot":
            kind = f" {result.task}{head_of(result)}"
            kind += f" ({result.seen_text})" if result.seen_text else ""
        lines += [
            f"| {where} | {result.kind}{kind}: {name} | {100 * result.chance:.1f} | {interval} |"
            for name, interval in result.measures.items()
        ]
    lines += ["", *_recalls(results)]
    caches = sorted({result.cache_hash for result in results})
    return (
        "\n".join(lines) + "\n\nMeasured on crop cache " + ", ".join(f"`{value}`" for value in caches) + "."
    )


def _recalls(results: Sequence[Result]) -> list[str]:
    """A table of the recall of each class: a row per class, a column per result."""
    classes = list(dict.fromkeys(row["class"] for result in results for row in result.per_class))
    found = [{row["class"]: row for row in result.per_class} for result in results]
    names = [
        f"{result.cache}, {result.task if result.kind == 'few-shot' else result.split}" for result in results
    ]
    return [
        "Recall of each class in per cent, and its number of clips:\n",
        "| class | " + " | ".join(names) + " |",
        "|---" * (len(results) + 1) + "|",
        *(
            f"| {name} | " + " | ".join(_recall(rows[name]) if name in rows else "" for rows in found) + " |"
            for name in classes
        ),
    ]


def _recall(row: dict) -> str:
    """The recall of a class and its number of clips; a class without a clip has no recall."""
    return "no clip" if row["accuracy"] is None else f"{100 * row['accuracy']:.1f} ({row['clips']:,})"
