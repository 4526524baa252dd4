"""Command lines to learn from, on the help pages of the recipes."""

from __future__ import annotations

from vidfer.commands.help_page import Example

_EXAMPLES = {
    "supervised": (
        ("--cache cache/afew.h5 --out runs/teacher", "train the full network, on a GPU"),
        (
            "--cache cache/mine.h5 --out runs/small --encoder.width 16 --encoder.input-px 64",
            "train a small one, on CPU cores",
        ),
        ("--cache cache/afew.h5 --out runs/teacher --resume", "go on with a run that was stopped"),
    ),
    "noisy_student": (
        (
            "--cache cache/afew.h5 --teacher runs/teacher --out runs/student",
            "let a teacher label the unlabelled clips, and train a student on all clips",
        ),
        (
            "--cache cache/afew.h5 --teacher runs/teacher --out runs/student --stop-to-correct",
            "wait until you have corrected the teacher's labels",
        ),
    ),
    "fewshot": (
        ("--cache cache/afew.h5 --out runs/csrn", "train the CSRN head and its encoder from scratch"),
        (
            "--cache cache/afew.h5 --init runs/student --out runs/csrn --head csrn",
            "begin with the encoder of a trained student",
        ),
    ),
    "egs": (
        (
            "--cache cache/ckplus.h5 cache/rafdb.h5 --out runs/egs",
            "train a classifier and a few-shot head together, on two data sets",
        ),
    ),
}
"""For each recipe: options, and what is done with them."""


def recipe_examples(recipe: str, program: str) -> tuple[Example, ...]:
    """Examples for a recipe; ``program``: how it is called, such as ``vidfer train egs``."""
    return tuple((f"{program} {options}", what) for options, what in _EXAMPLES.get(recipe, ()))
