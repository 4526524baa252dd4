"""Which expression labels the weights of a network have ever seen, in this training or before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vidfer.names import Names

TRAINING = "training"
"""What has seen the labels of clips that a recipe trained on."""


@dataclass(frozen=True)
class SeenLabels:
    """The labels, and what cannot be known; a checkpoint keeps it."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """Label -> who has seen it: :data:`TRAINING`, or the name of a pretrained encoder."""
    captions: tuple[str, ...] = ()
    """Pretrained encoders that learned from captions, which may name emotions."""
    unknown: tuple[str, ...] = ()
    """Files of weights of which nobody knows what they have seen."""

    def joined(self, other: SeenLabels) -> SeenLabels:
        """What both have seen together."""
        return SeenLabels(
            {**other.labels, **self.labels},
            tuple(dict.fromkeys((*self.captions, *other.captions))),
            tuple(dict.fromkeys((*self.unknown, *other.unknown))),
        )

    def among(self, classes: Iterable[str]) -> dict[str, str]:
        """The classes that were seen, and by whom."""
        known = Names(self.labels)
        return {name: self.labels[known.spelt(name)] for name in classes if name in known}

    def warnings(self) -> list[str]:
        """What a reader of a result on novel classes must know besides, in words."""
        said = [f"{name} learned from captions, which may name these expressions" for name in self.captions]
        files = [f"which labels the weights of {file} have seen is not known" for file in self.unknown]
        return [*said, *files]

    def text(self) -> str:
        """All of it in words; empty if nothing was seen."""
        by: dict[str, list[str]] = {}
        for label, who in self.labels.items():
            by.setdefault(who, []).append(label)
        parts = [f"{', '.join(labels)} ({who})" for who, labels in by.items()]
        return "; ".join([*parts, *self.warnings()])

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "labels": dict(self.labels),
            "captions": list(self.captions),
            "unknown": list(self.unknown),
        }


def trained_on(classes: Iterable[str]) -> SeenLabels:
    """What a network has seen that was trained on clips of these classes."""
    return SeenLabels(dict.fromkeys(classes, TRAINING))


def seen_labels(record: Any) -> SeenLabels:
    """From :meth:`SeenLabels.record`; nothing for a checkpoint of an earlier vidfer, which has no record.

    Raises:
        ValueError: the record is damaged.
    """
    if record is None:
        return SeenLabels()
    names = isinstance(record, dict) and isinstance(record.get("labels"), dict)
    if not names or not all(isinstance(record.get(part), list) for part in ("captions", "unknown")):
        raise ValueError("the labels that the weights have seen")
    texts = (*record["labels"], *record["labels"].values(), *record["captions"], *record["unknown"])
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("the labels that the weights have seen")
    return SeenLabels(dict(record["labels"]), tuple(record["captions"]), tuple(record["unknown"]))
