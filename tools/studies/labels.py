"""What are unlabelled images worth? A student with few labels against its teacher and against all labels.

    nohup python tools/study.py labels --cache cache/fer2013.h5 --out labels > labels.txt 2>&1 &

The cache has labelled clips in the splits train and val. All but a few labels of each class are hidden
(`--data.labels-per-class`). A teacher learns from these few labels alone. Students learn from the other
clips too: noisy students in five rounds, with FreeMatch's loss and in one round without it; FixMatch and
FreeMatch alone. A teacher that trains four times as long shows what the hours are worth. The ceiling learns
from all labels. Everything is measured on val. No checkpoint, epoch or threshold is chosen on val:
the last checkpoint counts, and teachers are not calibrated. Started again, the study goes on
where it stopped. `--report` runs nothing: it makes the table from what is finished.
"""

from __future__ import annotations

from .labels_steps import Settings, steps
from .labels_table import write_report
from .steps import run_steps


def main(settings: Settings) -> None:
    if not settings.report:
        run_steps(steps(settings), settings.out, jobs=settings.jobs)
    print(write_report(settings))
    print(f"\nin {settings.out}: labels.md, labels.json")
