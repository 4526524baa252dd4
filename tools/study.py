"""Run a study: many trainings and evaluations that end in one table of docs/results.md.

    python tools/study.py components --out components

Started again, a study goes on where it stopped.
"""

from __future__ import annotations

import sys
from importlib import import_module

from program import run

STUDIES = {
    "student": "a noisy student in two rounds and a relation head, on drawn actors",
    "components": "which region and which attention does what, on drawn actors",
    "basic7": "the network of seven expressions that comes with vidfer, from images of people",
    "labels": "what unlabelled images are worth: a student with few labels",
    "own_expressions": "what a few examples teach, on images and clips of people",
    "systems": "all systems on the same few-shot episodes, on drawn actors and on images of people",
}
"""Name of a study, which is that of its module in tools/studies -> what it shows."""

USAGE = "\n".join(
    [
        "usage: python tools/study.py NAME [OPTIONS]; NAME --help shows the options.",
        "",
        *(f"  {name:<17}{text}" for name, text in STUDIES.items()),
    ]
)


def main(arguments: list[str]) -> None:
    """Run the study that the first argument names with the options that follow it."""
    name, *options = arguments or ["--help"]
    if name in ("-h", "--help"):
        print(USAGE)
        return
    if name not in STUDIES:
        print(f"study.py: there is no study '{name}'\n\n{USAGE}", file=sys.stderr)
        raise SystemExit(2)
    study = import_module(f"studies.{name}")
    run(study.main, study.Settings, study.__doc__, options, program=f"study.py {name}")


if __name__ == "__main__":
    main(sys.argv[1:])
