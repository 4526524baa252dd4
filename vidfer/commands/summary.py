"""``vidfer summary``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import tyro

from vidfer.commands.console import parse
from vidfer.commands.say import give, say
from vidfer.errors import SettingError

EXAMPLES = (
    ("vidfer summary predictions/films", "say how often each expression is seen, and which films failed"),
    ("vidfer summary predictions/films --top happy", "also list the segments that look happiest"),
    (
        "vidfer summary predictions/films --by person --out people.csv",
        "write a row for each person of each film, for R, SPSS or pandas",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer summary``"""

    @dataclass(frozen=True, kw_only=True)
    class Summary:
        """Say what a prediction shows as a whole: how often each expression is seen, how much is unsure, and
        which films could not be read.
        """

        prediction: tyro.conf.Positional[Path]
        """The folder that `vidfer predict` has written."""
        by: Literal["all", "folder", "input", "person"] = "all"
        """A row for all inputs together, or for each folder, input, or person of an input."""
        top: str | None = None
        """Also list the segments in which this expression is most probable."""
        n: int = 10
        """With --top: at most so many segments."""
        min_s: float = 0.0
        """With --top: leave out segments that are shorter, in seconds. Pictures have a length of 0."""
        out: Path | None = None
        """Write the rows as a CSV file, with further columns."""
        decimal_commas: bool = False
        """With --out: write 0,5 for 0.5 and semicolons between cells, as Excel has it in German, French and
        other languages."""

        def __post_init__(self) -> None:
            if self.n < 1:
                raise SettingError(f"--n {self.n}: give at least 1")
            if not 0 <= self.min_s < float("inf"):
                raise SettingError(f"--min-s {self.min_s}: give seconds, 0 or more")
            if self.out and self.out.suffix.lower() != ".csv":
                raise SettingError(f"--out {self.out}: name a file that ends in .csv")
            if self.decimal_commas and not self.out:
                raise SettingError("--decimal-commas is about a file; add --out people.csv")

    options = parse(Summary, arguments)
    from vidfer.infer.prediction_folder import read_prediction
    from vidfer.infer.totals import segments_of, strongest, totals_by, totals_columns, totals_row
    from vidfer.names import name_key
    from vidfer.report.totals_text import about_text, faults_text, groups_text, shares_text, strongest_text
    from vidfer.tables import write_table

    prediction = read_prediction(options.prediction)
    known = {name_key(name): name for name in prediction.classes}
    if options.top is not None and name_key(options.top) not in known:
        raise SettingError(
            f"--top {options.top}: {options.prediction} has the expressions {', '.join(prediction.classes)}"
        )
    segments = None if options.top is None else list(segments_of(prediction))
    (whole,), groups = totals_by(prediction, ["all", options.by], segments)
    columns = totals_columns(prediction.classes)
    if options.out:
        _check_may_replace(options.out, columns)
    rows = [totals_row(one, prediction.classes) for one in groups]
    parts = [shares_text(whole, prediction.classes)]
    if options.by != "all":
        parts.append(groups_text(groups, prediction.classes, options.by))
    top = []
    if options.top is not None:
        label = known[name_key(options.top)]
        top = strongest(segments, label, options.n, options.min_s)
        parts.append(strongest_text(top, label))
    parts.append("\n".join(faults_text(prediction.inputs)))
    say(about_text(prediction, whole))
    for part in filter(None, parts):
        say(f"\n{part}")
    if options.out:
        write_table(options.out, columns, rows, decimal_commas=options.decimal_commas)
        say(f"\n{options.out}: {len(rows):,} {'row' if len(rows) == 1 else 'rows'}")
    give(
        *filter(None, [options.out]),
        rows=[dict(zip(columns, row)) for row in rows],
        segments=[asdict(one) for one in top],
        faults=[{"input": one.name, "reason": one.reason} for one in prediction.inputs if one.reason],
        not_upright=[
            {"input": one.name, "rotate_deg": one.rotate_deg} for one in prediction.inputs if one.rotate_deg
        ],
    )
    return 0


def _check_may_replace(file: Path, columns: Sequence[str]) -> None:
    """Raise a SettingError where a file is there and is no such table: it may be the prediction's own one."""
    from vidfer.tables import iterate_rows

    if not file.exists() or not file.stat().st_size:
        return
    _, found = next(iterate_rows(file), ("", []))
    if found[:7] != [*columns[:7]]:  # those of every such table, whatever the expressions
        raise SettingError(
            f"--out {file} is there, and `vidfer summary` has not written it; name another file"
        )
