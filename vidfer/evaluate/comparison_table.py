"""Comparisons as text, as Markdown, and as tables for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from vidfer.errors import SettingError
from vidfer.evaluate.comparison import Compared, Comparison
from vidfer.evaluate.intervals import Interval
from vidfer.files import write_text
from vidfer.tables import write_table

SUFFIXES = (".csv", ".json", ".md")


def comparison_text(comparison: Comparison) -> str:
    """The clips, then a line for every measure of every result."""
    lines = [_about(comparison)]
    first = comparison.rows[0].name
    table = [("", "measure", "%", "95 % interval", "", f"minus {first}", "95 % interval", "")]
    for row in comparison.rows:
        share, difference = _cells(row.interval), ("", "", "")
        if row.difference is not None:
            difference = _cells(row.difference, sign="+")
        elif row.name != first:
            difference = ("no common query", "", "")
        table.append((row.name, row.measure, *share, *difference))
    widths = [max(map(len, column)) for column in zip(*table)]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in table]
    return "\n".join([*lines, *_caution(comparison)])


def comparison_markdown(comparison: Comparison) -> str:
    """A table to paste into a paper or a README: a row for every result, two columns for every measure."""
    first = comparison.rows[0].name
    measures = list(dict.fromkeys(row.measure for row in comparison.rows))
    lines = [f"{_about(comparison)}. Per cent with 95 % intervals; differences are paired, to {first}.", ""]
    lines.append("| | " + " | ".join(f"{measure} | difference" for measure in measures) + " |")
    lines.append("|---|" + "---:|---:|" * len(measures))
    for name in dict.fromkeys(row.name for row in comparison.rows):
        cells = []
        for row in comparison.rows:
            if row.name == name:
                cells += [_short(row.interval), "" if row.difference is None else _short(row.difference, "+")]
        lines.append(f"| {name.replace('|', chr(92) + '|')} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, *("\n" + line for line in _caution(comparison))])


def _caution(comparison: Comparison) -> list[str]:
    old = dict.fromkeys(row.name for row in comparison.rows if row.result.support_fixed)
    if not old:
        return []
    return [
        "The intervals of differences treat the support clips as fixed and are too narrow: "
        f"{', '.join(old)} lacks jackknife_influence, as an earlier vidfer wrote it; measure again with "
        "`vidfer eval`."
    ]


def _short(interval: Interval, sign: str = "") -> str:
    mean, ends, _ = _cells(interval, sign)
    return f"{mean} {ends}" if interval.low is not None else mean


def _about(comparison: Comparison) -> str:
    first = comparison.first
    task = f"{comparison.kind} of {len(first.classes)} classes"
    if comparison.kind == "few-shot":
        p = first.protocol
        queries = f"{p['queries']} {'query' if p['queries'] == 1 else 'queries'}"
        inference = "transductive " if all(row.result.transductive for row in comparison.rows) else ""
        inference += "person-disjoint " if first.person_disjoint else ""
        task = (
            f"few-shot, {inference}{p['ways']}-way {p['shots']}-shot {queries}, {p['episodes']:,} episodes "
            f"of seed {first.seed}"
        )
    subjects = "" if first.n_subjects is None else f" of {first.n_subjects} subjects"
    drawn = "synthetic actors, " if "actors" in first.sources else ""
    return (
        f"{task}: {drawn}{first.n_clips:,} clips{subjects}, {first.n_without_face:,} without a face, split "
        f"{first.split} of {first.cache}; chance {100 * first.chance:.1f} %"
        + "".join(f"; {row.name}: {row.result.seen_text}" for row in comparison.rows if row.result.seen_text)
    )


def _cells(interval: Interval, sign: str = "") -> tuple[str, str, str]:
    ends = "none"
    if interval.low is not None:
        ends = f"[{100 * interval.low:{sign}.1f}, {100 * interval.high:{sign}.1f}]"
    return f"{100 * interval.mean:{sign}.1f}", ends, f"over {interval.n:,} {interval.over}"


def check_table_name(out: Path) -> None:
    """Refuse a file name whose suffix names no kind of table.

    Raises:
        SettingError: see :data:`SUFFIXES`.
    """
    if out.suffix not in SUFFIXES:
        raise SettingError(f"{out} is none of {', '.join(SUFFIXES)}; name the table after one of them")


def write_comparisons(comparisons: Sequence[Comparison], out: Path) -> None:
    """Write a table: .csv or .json with a row for every measure of every result, or .md for people.

    Shares and differences in .csv and .json are in -1..1. The .md has the tables of
    :func:`comparison_markdown`.

    Raises:
        SettingError: another suffix.
    """
    check_table_name(out)
    if out.suffix == ".md":
        write_text(out, "\n\n".join(map(comparison_markdown, comparisons)) + "\n")
        return
    rows = comparison_rows(comparisons)
    if out.suffix == ".json":
        write_text(out, json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
        return
    write_table(out, [*rows[0]], (row.values() for row in rows))


def comparison_rows(comparisons: Sequence[Comparison]) -> list[dict]:
    """A row for every measure of every result, as plain values for JSON."""
    return [_row(row) for comparison in comparisons for row in comparison.rows]


def _row(row: Compared) -> dict:
    result = row.result
    no_difference = dict.fromkeys(("mean", "low", "high", "n", "over", "method"))
    difference = no_difference if row.difference is None else asdict(row.difference)
    return {
        "result": row.name,
        "kind": result.kind,
        "measure": row.measure,
        **asdict(row.interval),
        **{f"difference_{name}": difference[name] for name in no_difference},
        "clips": result.n_clips,
        "without_face": result.n_without_face,
        "chance": result.chance,
        "split": result.split,
        "sources": " ".join(result.sources),
        "seed": result.seed,
        "cache_hash": result.cache_hash,
        "checkpoint_hash": result.checkpoint_hash,
        "person_disjoint": result.person_disjoint if result.kind == "few-shot" else None,
        "seen_classes": result.protocol.get("seen_classes"),
        **{
            name: result.protocol.get(name)
            for name in (
                "ways",
                "shots",
                "queries",
                "episodes",
                "episodes_hash",
                "head",
                "inference",
                "n_frames",
            )
        },
    }
