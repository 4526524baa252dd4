"""The action units of each expression."""

from __future__ import annotations

EXPRESSIONS: dict[str, tuple[str, ...]] = {
    "angry": ("4", "5", "7", "23"),
    "disgust": ("9", "10", "15"),
    "fear": ("1", "2", "4", "5", "7", "20", "26"),
    "happy": ("6", "12"),
    "neutral": (),
    "sad": ("1", "4", "15"),
    "surprise": ("1", "2", "5", "26"),
    "contempt": ("12R", "14R"),
    "happily_surprised": ("1", "2", "12", "25"),
    "happily_disgusted": ("10", "12", "25"),
    "sadly_fearful": ("1", "2", "4", "15", "25"),
    "sadly_angry": ("4", "7", "15"),
    "sadly_surprised": ("1", "4", "25", "26"),
    "sadly_disgusted": ("4", "10"),
    "fearfully_angry": ("4", "20", "25"),
    "fearfully_surprised": ("1", "2", "5", "20", "25"),
    "fearfully_disgusted": ("1", "4", "10", "20", "25"),
    "angrily_surprised": ("4", "25", "26"),
    "angrily_disgusted": ("4", "7", "9", "10"),
    "disgustedly_surprised": ("1", "2", "5", "10"),
    "awed": ("1", "2", "5", "25"),
}
"""The FACS units of each expression; R or L after the number means one side of the face only.

The basic expressions follow Ekman and Friesen. The compound ones follow Du, Tao and Martinez, "Compound
facial expressions of emotion", PNAS 111(15), 2014, table 1 (units shown by most people).
"""


def prototype(label: str) -> dict[int, tuple[float, float]]:
    """The strength (0 or 1) of each unit of an expression on the left and right side, by FACS number."""
    units = {}
    for name in EXPRESSIONS[label]:
        sides = {"L": (1.0, 0.0), "R": (0.0, 1.0)}.get(name[-1], (1.0, 1.0))
        units[int(name.rstrip("LR"))] = sides
    return units
