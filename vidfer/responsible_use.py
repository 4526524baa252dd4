"""What everybody should know before vidfer looks at people: a note of two lines, and the essence.

The page ``docs/responsible_use.md`` begins with the essence and explains it. Commands, model cards and pages
take it from here, because an installed vidfer has no ``docs/``.
"""

from __future__ import annotations

COMMAND = "vidfer responsible-use"
"""Prints the essence, also without a network."""

LOOKED_UP = "2026-11-29"
"""When the texts of the law were last looked up."""

NOTE = (
    "note: an expression is not an emotion, and films of people are personal data. In the EU it is "
    f"prohibited to infer emotions at work or in education, with few exceptions. Read "
    f"`{COMMAND}` once; this note is shown once."
)
"""What the first prediction of a user says."""

OF_INCLUDED = (
    "**It is often wrong.** The included network names the right one of seven expressions in 56 % of "
    "pictures that it has not seen, and in 6 of 15 clips. Where it is not sure it says `unsure`."
)
"""The point that is about the included network alone."""

ESSENCE = (
    "**An expression is not an emotion.** vidfer names what a face shows. It does not know what a person "
    "feels, thinks or intends. Do not decide about people with it.",
    OF_INCLUDED,
    "**Nobody knows how well it works for whom.** It was not measured by age, sex, skin colour, culture, "
    "disability, glasses or beards. Measure it on people like yours before you rely on it.",
    "**Films and crops of faces are personal data.** Ask the people first, keep no more than you need, and "
    "delete it when you are done. vidfer sends nothing anywhere, unless you upload a network.",
    "**EU AI Act, article 5(1)(f):** since 2 February 2025 it is prohibited to infer emotions of people at "
    "work or in education, except for medical or safety reasons.",
    "**EU AI Act, article 50(3):** since 2 August 2026 whoever uses an emotion recognition system must tell "
    "the people who are exposed to it.",
    "**Weights and data have licences.** Many data sets of faces allow research only, and a network inherits "
    "the terms of what it learned from. Its model card names them.",
    f"This is no legal advice. The law was looked up on {LOOKED_UP}; look whether it has changed.",
)
"""One point each, as Markdown."""


def essence_markdown(*, of_included: bool = True) -> str:
    """The essence as a list.

    Args:
        of_included: with the point about the included network; the card of another one is without it.
    """
    return "\n".join(f"- {point}" for point in ESSENCE if of_included or point != OF_INCLUDED)


def essence_text(width: int = 88) -> str:
    """The essence as plain text for a terminal.

    Args:
        width: longest line, in characters.
    """
    import textwrap

    plain = (point.replace("**", "").replace("`", "") for point in ESSENCE)
    return "\n\n".join(textwrap.fill(point, width) for point in plain)
