"""What the card of a network says about how well it works, and where not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from vidfer.errors import VidferError
from vidfer.included import checkpoint_folder

CARD = "README.md"


@dataclass(frozen=True)
class NetworkCard:
    """The parts of a model card that a reader of a prediction must know."""

    figures: tuple[tuple[str, ...], ...] = ()
    """Rows of the table of figures; the first one is its head."""
    limits: tuple[str, ...] = ()

    @property
    def groups(self) -> list[list[tuple[str, ...]]]:
        """The rows without their head; those of the same data, which the first cell names, together."""
        return [[*rows] for _, rows in groupby(self.figures[1:], itemgetter(0))]


def read_card(model: str) -> NetworkCard:
    """The card of a network, by the name under which ``vidfer predict`` found it; empty if there is none."""
    try:
        text = (checkpoint_folder(Path(model)) / CARD).read_text(encoding="utf-8")
    except (OSError, ValueError, VidferError):
        return NetworkCard()
    figures = [
        tuple(_plain(cell) for cell in line.strip().strip("|").split("|"))
        for line in _section(text, "Figures")
        if line.startswith("|") and not re.fullmatch(r"[|\s:-]+", line)
    ]
    # The first table only; the recall of each class follows it.
    figures = [row for row in figures if len(row) == len(figures[0])] if figures else []
    limits = re.split(r"\n- ", "\n" + "\n".join(_section(text, "Limits")))[1:]
    return NetworkCard(_first_table(figures), tuple(_plain(" ".join(item.split())) for item in limits))


@dataclass(frozen=True)
class OwnExamples:
    """What is known of expressions that were learned from a few examples."""

    rows: tuple[tuple[str, int, int], ...]
    """Expression, number of examples, and how many of them were recognised when they were left out."""
    found: tuple[int, int] | None
    """How many of how many were also told from none of these."""


def read_examples(model: Mapping) -> OwnExamples | None:
    """The examples of own expressions, from what a prediction says of its model; None for a network."""
    expected = model.get("expected")
    try:
        classes, of_class, counts = model["classes"], expected["of_class"], expected["counts"]
        rows = tuple(
            (str(name), int(n), int(one["right"])) for name, n, one in zip(classes, counts, of_class)
        )
        found = expected.get("found") or {}
        return OwnExamples(rows, (int(found["right"]), int(found["n"])) if found.get("n") else None)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _section(text: str, title: str) -> list[str]:
    """The lines below a heading, up to the next one."""
    found = re.search(rf"^## {title}\s*$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found.group(1).strip().splitlines() if found else []


def _first_table(rows: list[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """The rows up to the head of the next table, which names classes."""
    end = next((i for i, row in enumerate(rows) if i and row[0] == "class"), len(rows))
    return tuple(rows[:end])


def _plain(text: str) -> str:
    """Text without Markdown's signs."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"\*\*|`", "", text).strip()
