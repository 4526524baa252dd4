"""What learning own expressions found out, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vidfer.clips.clip import Clip
from vidfer.infer.support.expectation import FEW, Expectation
from vidfer.infer.support.learn_support import Learned
from vidfer.infer.support.settings import NONE_OF_THESE
from vidfer.percent import percent

METHOD = "recognised by "
"""How the line begins that names the method."""
NO_BACKGROUND = (
    "there is no background example, so nothing is known of false alarms; give faces of the same people that "
    "show none of the expressions (among folders, one named neutral/)"
)
NAMED = 8
"""So many contradictions are named."""


def lines_of(learned: Learned) -> list[str]:
    """What can be expected, a line for each fact."""
    e, support = learned.expectation, learned.support
    classes = ", ".join(f"{name} {n}" for name, n in zip(support.classes, e.counts))
    lines = [f"examples: {classes}; of {NONE_OF_THESE} {e.n_background}"]
    lines.append(f"{METHOD}{support.head.candidate}")
    if e.recognised.n and len(support.classes) > 1:
        lines.append(
            f"expected accuracy on faces like the examples: {e.recognised} (chance {percent(e.chance)}); "
            f"each {learned.left_by} was left out in turn, also when the method was chosen"
        )
        of_class = zip(support.classes, e.of_class)
        lines.append("of each: " + "; ".join(f"{name} {share}" for name, share in of_class))
    if e.recognised.n:
        lines.append(f"where '{NONE_OF_THESE}' may be said too: {e.found}")
    if e.false_alarms.n:
        lines.append(f"'{NONE_OF_THESE}' taken for an expression: {e.false_alarms}")
    return lines


def expected_in_words(classes: Sequence[str], expected: Mapping) -> str:
    """What own expressions were expected to do, in a sentence; a file of strangers may say anything."""
    try:
        right, n = int(expected["recognised"]["right"]), int(expected["recognised"]["n"])
    except (KeyError, TypeError, ValueError):
        right = n = 0
    if not n:
        return f"{', '.join(classes)}: what to expect was not measured"
    return f"{', '.join(classes)}: {right} of {n} left-out examples were recognised"


def warnings_of(learned: Learned) -> list[str]:
    """What the user should mend, a sentence each: it starts with the most serious one."""
    e, classes, warnings = learned.expectation, learned.support.classes, []
    if (
        len(classes) > 1
        and e.recognised.n >= 2 * len(classes)
        and e.recognised.right <= e.chance * e.recognised.n
    ):
        warnings.append(
            f"these expressions cannot be told apart: {e.recognised.right} of {e.recognised.n} left-out "
            "examples were recognised, no more than by guessing; check the examples, or give clearer ones"
        )
    elif len(classes) > 1 and e.recognised.n and not e.is_above_chance:
        warnings.append(
            "it is not proved that these expressions can be told apart: the interval reaches down to chance; "
            "more examples make it narrower"
        )
    warnings += _from_background(e)
    warnings += _contradictions(e, learned.clips, classes)
    warnings += _few(e, classes)
    if not e.n_background:
        warnings.append(NO_BACKGROUND)
    if learned.left_by == "example" and len({clip.path for clip in learned.clips}) < len(learned.clips):
        warnings.append(
            "some expression has examples from one video only, so what is expected holds for such a video"
        )
    return warnings


def _from_background(e: Expectation) -> list[str]:
    """Whether examples are called by a class more often than background examples are."""
    if not (e.found.n and e.false_alarms.n):
        return []
    found, alarms = e.found.right / e.found.n, e.false_alarms.right / e.false_alarms.n
    if found <= alarms:
        return [
            f"the expressions cannot be told from the background: {e.found.right} of {e.found.n} examples "
            f"were found, and {e.false_alarms.right} of {e.false_alarms.n} background examples taken for one"
        ]
    if 2 * e.found.right < e.found.n:
        return [
            f"more than half would be missed: {e.found.right} of {e.found.n} left-out examples were found "
            f"where '{NONE_OF_THESE}' may be said; more or clearer examples help"
        ]
    return []


def _contradictions(e: Expectation, clips: Sequence[Clip], classes: Sequence[str]) -> list[str]:
    found = [
        f"{name_of(clips[c.example])} is an example of '{classes[c.label]}' and looks more like "
        f"'{classes[c.looks_like]}'"
        for c in e.contradictions[:NAMED]
    ]
    more = len(e.contradictions) - len(found)
    return [*found, f"and {more} more examples look like another expression"] if more > 0 else found


def _few(e: Expectation, classes: Sequence[str]) -> list[str]:
    warnings = []
    for name, count, share in zip(classes, e.counts, e.of_class):
        if count == 1:
            warnings.append(
                f"'{name}' has one example, so nothing can be measured of it; give it at least {FEW - 1} more"
            )
        elif count < FEW:
            warnings.append(f"'{name}' has {count} examples; give it at least {FEW - count} more")
        elif len(classes) > 1 and share.n and 2 * share.right <= share.n:
            warnings.append(
                f"'{name}' needs more or clearer examples: {share.right} of {share.n} were recognised"
            )
    return warnings


def name_of(clip: Clip) -> str:
    """An example as the user knows it, with its times."""
    if clip.start_s is None and clip.end_s is None:
        return clip.id
    return f"{clip.id} ({clip.start_s or 0:g} to {'its end' if clip.end_s is None else f'{clip.end_s:g} s'})"
