"""The confusion matrices of the page: what each class is recognised as."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from vidfer.evaluate.hardest import NO_FACE
from vidfer.report.figure_style import Theme, dress, paint
from vidfer.report.named_results import NamedResult
from vidfer.report.page import Shown
from vidfer.report.result_table import episode_of

MOST_COUNTED = 10
"""A matrix with more columns has no counts, no 0 per cent, and is as wide as it must be to stay readable."""


def show_confusions(results: Sequence[NamedResult]) -> list[Shown]:
    """One matrix per result, with a last column for queries without a face if there were any."""
    return [_show_confusion(named) for named in results]


def _show_confusion(named: NamedResult) -> Shown:
    result = named.result
    counts, columns = np.array(result.confusion), [*result.classes, NO_FACE]
    if not counts[:, -1].any():
        counts, columns = counts[:, :-1], columns[:-1]
    unit = "clips" if result.kind == "classification" else f"queries about {result.n_clips:,} clips"
    title = f"{named.name}{episode_of(named)}"
    return Shown(
        title=title,
        picture=paint(
            partial(draw_confusion, counts, result.classes, columns),
            f"Confusion matrix of {title}: {describe_confusion(counts, result.classes, columns)}",
        ),
        caption=f"{int(counts.sum()):,} {unit}, split {result.split}.",
    )


def draw_confusion(
    counts: np.ndarray, true_names: Sequence[str], predicted_names: Sequence[str], theme: Theme
) -> Figure:
    """Draw counts by true label and answer; colour and large number are per cent of the row.

    Args:
        counts: (true labels, answers) of clips or queries.
        true_names: names of the rows.
        predicted_names: names of the columns, in the order of the rows; further columns (no face) come last.
    """
    counts = np.asarray(counts)
    n_rows, n_columns = counts.shape
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # The lightness of the hue changes in one direction: colour-blind readers and print show the same order.
    shade = LinearSegmentedColormap.from_list("share", theme.heat)
    is_large = n_columns > MOST_COUNTED
    cell = 0.25 if is_large else min(0.62, 3.55 / n_columns)
    figure = Figure(figsize=(1.15 + cell * n_columns, 1.2 + cell * n_rows), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(shares, cmap=shade, vmin=0, vmax=1, aspect="equal")
    size = 8 if is_large else 9.2 if n_columns > 5 else 11
    for row, column in np.ndindex(counts.shape):
        share, count = shares[row, column], counts[row, column]
        style = {"ha": "center", "va": "center", "color": _ink(shade(share))}
        if not is_large:
            axes.text(column, row - 0.12, f"{100 * share:.0f}", size=size, **style)
            axes.text(column, row + 0.27, f"n {count}", size=size - 3.2, **style)
        elif count:
            axes.text(column, row, f"{100 * share:.0f}", size=size, **style)
    axes.set_xticks(
        range(n_columns),
        [_words(name) for name in predicted_names],
        rotation=90 if is_large else 40,
        ha="center" if is_large else "right",
        rotation_mode="default" if is_large else "anchor",
    )
    axes.set_yticks(range(n_rows), [_words(name) for name in true_names])
    axes.set_xlabel("recognised as")
    axes.set_ylabel("true label")
    dress(axes, theme)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    # Thin gaps separate the cells on any background.
    axes.set_xticks(np.arange(n_columns + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(n_rows + 1) - 0.5, minor=True)
    axes.grid(visible=True, axis="both", which="minor", color=theme.faint, alpha=1, linewidth=0.8)
    axes.tick_params(which="both", length=0)
    return figure


def describe_confusion(counts: np.ndarray, true_names: Sequence[str], predicted_names: Sequence[str]) -> str:
    """Say the matrix in words: how much of each label was right, and what it was most often recognised as."""
    sentences = []
    for row, name in enumerate(true_names):
        total = int(counts[row].sum())
        if total == 0:
            sentences.append(f"{_words(name)}: no clips")
            continue
        wrong = np.array(counts[row], dtype=float)
        wrong[row] = -1
        sentence = f"{_words(name)} {100 * counts[row][row] / total:.0f} % right of {total}"
        if wrong.max() > 0:
            sentence += f", most often recognised as {_words(predicted_names[int(wrong.argmax())])}"
        sentences.append(sentence)
    return "; ".join(sentences) + "."


def _words(name: str) -> str:
    return name.replace("_", " ")


def _ink(cell: tuple[float, ...]) -> str:
    """Black or white, whichever has more contrast with the cell (at least 4.58 : 1 on any colour)."""
    return "#000000" if _luminance(cell) > 0.179 else "#ffffff"


def _luminance(colour: tuple[float, ...]) -> float:
    """Relative luminance in [0, 1] of an sRGB colour (WCAG 2.2)."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
