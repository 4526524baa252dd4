"""Which region and which attention does what, on wild actors (docs/results/components.md).

    nohup python tools/study.py components --out components > components.txt 2>&1 &

Each row of the table is a network with a part switched off: a teacher and the students of two rounds. Started
again, the study goes on where it stopped. `--report` runs nothing: it makes the table from what is finished.
"""

from __future__ import annotations

from .components_steps import Settings, steps
from .components_table import write_report
from .steps import run_steps


def main(settings: Settings) -> None:
    if not settings.report:
        run_steps(steps(settings), settings.out, jobs=settings.jobs)
    print(write_report(settings))
    print(f"\nin {settings.out}: components.md, components.json, components.png")
