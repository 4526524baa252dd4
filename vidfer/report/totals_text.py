"""The totals of a prediction as tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from vidfer.infer.moment import UNSURE
from vidfer.infer.prediction_folder import PredictedInput, PredictionFolder
from vidfer.infer.summary import Segment
from vidfer.infer.totals import Totals, read_inputs
from vidfer.percent import percent
from vidfer.report.time_text import clock, length
from vidfer.terminal import terminal_text

MOST_FAULTS = 20
"""More inputs than these that have one fault are only counted."""


def about_text(prediction: PredictionFolder, totals: Totals) -> str:
    """What was read, in one line."""
    n, n_all = len(read_inputs(prediction)), len(prediction.inputs)
    read = f"{n:,} of {n_all:,} inputs read" if n_all > 1 else ("1 input read" if n else "no input read")
    faces = "1 face" if totals.n_people == 1 else f"{totals.n_people:,} faces"
    return (
        f"{prediction.folder}: {read}, {faces} followed, seen for {length(totals.seen_s)} in "
        f"{totals.n_frames:,} frames; network: {prediction.model.get('name', 'unknown')}"
    )


def in_all_text(totals: Totals, classes: Sequence[str]) -> str:
    """The most frequent labels in one line; empty where nobody is seen."""
    told = [f"{_words(name)} {percent(share)}" for name, share in totals.shares(classes)]
    return f"in all: {', '.join(told)}" if told else ""


def shares_text(totals: Totals, classes: Sequence[str]) -> str:
    """A line for each label that is seen, the most frequent first; empty where nobody is seen."""
    labels = sorted((*classes, UNSURE), key=lambda name: -(totals.share(name) or 0.0))
    rows = [("", "frames", "segments", "mean length")]
    for name in labels:
        if totals.n_labelled[name] or totals.lengths_s[name]:
            mean_s, n = totals.length_s(name), len(totals.lengths_s[name])
            rows.append((_words(name), _percent(totals.share(name)), f"{n:,}", _seconds(mean_s)))
    return _table(rows) if len(rows) > 1 else ""


def groups_text(groups: Sequence[Totals], classes: Sequence[str], by: str) -> str:
    """A line for each person, input or folder: how long somebody is seen, and the share of each label.

    Empty without any.
    """
    shown = [name for name in (*classes, UNSURE) if any(one.n_labelled[name] for one in groups)]
    if by == "person":
        rows = [("input", "face", "seen", *map(_words, shown))]
        rows += [(one.input, str(one.face_id), length(one.seen_s), *_shares(one, shown)) for one in groups]
    else:
        rows = [(by, "people", "seen", *map(_words, shown))]
        rows += [(one.input, f"{one.n_people:,}", length(one.seen_s), *_shares(one, shown)) for one in groups]
    return _table(rows) if groups else ""


def strongest_text(segments: Sequence[Segment], label: str) -> str:
    """A line for each segment in which an expression is most probable."""
    if not segments:
        return f"{_words(label)}: no such segment"
    rows = [(f"most {_words(label)}", "face", "from", "to", "length", "probability")]
    for one in segments:
        took_s = _seconds(one.end_s - one.start_s)
        when = (str(one.face_id), clock(one.start_s), clock(one.end_s))
        rows.append((one.input, *when, took_s, _percent(one.probability)))
    return _table(rows)


def faults_text(inputs: Sequence[PredictedInput]) -> list[str]:
    """What could not be read, or not to its end, or shows faces that are not upright, and why."""
    failed = [(one.name, one.reason) for one in inputs if one.reason and one.state == "failed"]
    cut = [(one.name, one.reason) for one in inputs if one.reason and one.state == "done"]
    turned = [(one.name, one.how_to_turn) for one in inputs if one.rotate_deg]
    lines = _listed("could not be read", failed) + _listed("not read to the end", cut)
    lines += _listed("faces are not upright, so what was found is not reliable", turned)
    waiting = sum(one.state in ("waiting", "begun") for one in inputs)
    return lines + (
        [f"not predicted yet: {waiting:,}; start the same `vidfer predict` again"] if waiting else []
    )


def _listed(what: str, faulty: Sequence[tuple[str, str]]) -> list[str]:
    """How many inputs have a fault, and which."""
    lines = [f"{what}: {len(faulty):,}"] if faulty else []
    lines += [f"  {name}: {reason}" for name, reason in faulty[:MOST_FAULTS]]
    return lines + ([f"  and {len(faulty) - MOST_FAULTS:,} more"] if len(faulty) > MOST_FAULTS else [])


def _shares(totals: Totals, labels: Sequence[str]) -> list[str]:
    return [_percent(totals.share(name)) for name in labels]


def _percent(share: float | None) -> str:
    return "-" if share is None else percent(share, 1)


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def _words(label: str) -> str:
    return label.replace("_", " ")


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Columns side by side: texts on the left, numbers on the right; a line end in a name is spelt."""
    shown = [[terminal_text(cell).replace("\n", r"\n") for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:]))]).rstrip()
        for row in shown
    )
