"""Under which terms the weights of a checkpoint may be used, as far as it is known."""

from __future__ import annotations

from vidfer.clips.sources import SOURCES
from vidfer.models.pretrained.table import PRETRAINED
from vidfer.runs.learned_from import LearnedFrom

OWN = ("folder", "table", "prediction")
"""Sources that read a user's own videos."""

OF_VIDFER = "weights under Apache-2.0; its own card says what it learned from"


def licence_lines(learned: LearnedFrom) -> list[str]:
    """One line each for the data sets, the pretrained encoders and the networks that left traces."""
    lines = [f"{_title(source)}: {_terms(source)}" for source in learned.sources]
    for name in learned.encoders:
        row = PRETRAINED.get(name)
        lines.append(
            f"pretrained encoder `{name}`: {row.licence}; it learned {row.learned}"
            if row
            else f"pretrained encoder `{name}`: not in this vidfer's table"
        )
    lines += [f"`{name}`, which comes with vidfer: {OF_VIDFER}" for name in learned.networks]
    lines += [f"`hf://{name}`: as its own card on the hub says" for name in learned.shared]
    lines += [f"not known: {what}" for what in learned.unknown]
    return lines


def _title(source: str) -> str:
    if source == "actors":
        return "drawn actors (`actors`)"
    return f"own videos (`{source}`)" if source in OWN or ".py" in source else f"`{source}`"


def _terms(source: str) -> str:
    if source in OWN or ".py" in source:
        return "what the people who are seen, and the owners of the videos, have agreed to"
    name = source.partition(":")[0]
    return SOURCES[name].licence if name in SOURCES else "not known"


def licence_text(name: str, learned: LearnedFrom) -> str:
    """The file LICENSE.md beside weights for which nobody has chosen a licence."""
    lines = "\n".join(f"- {line}" for line in licence_lines(learned))
    return f"""# Terms of {name}

Nobody has chosen a licence for these weights yet. Without one, nobody but their maker may use them. They
carry traces of what they learned from, and so inherit these terms, as we know them:

{lines}

The pages of the data sets and of the encoders count, not these lines.
"""
