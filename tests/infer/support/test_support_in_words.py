from dataclasses import replace
from pathlib import Path

import pytest

from vidfer.clips.clip import Clip
from vidfer.infer.support.expectation import Contradiction, Expectation, Share
from vidfer.infer.support.in_words import warnings_of
from vidfer.infer.support.learn_support import Learned, Support
from vidfer.infer.support.settings import SupportSettings

GOOD = Expectation(
    recognised=Share(9, 10),
    found=Share(8, 10),
    false_alarms=Share(0, 4),
    of_class=(Share(5, 5), Share(4, 5)),
    counts=(5, 5),
    n_background=4,
    contradictions=(),
)


def warnings(left_by="video", same_video=False, **changes):
    """The warnings of an expectation as :data:`GOOD` with some changes."""
    support = Support(("pout", "wink"), None, (), 80, SupportSettings(), {})
    paths = ["a.mp4" if same_video else f"{i}.mp4" for i in range(14)]
    clips = tuple(Clip(id=path, path=Path(path), label="pout", start_s=0, end_s=2.5) for path in paths)
    return warnings_of(Learned(support, replace(GOOD, **changes), clips, left_by, ()))


def test_nothing_is_to_be_said_of_good_examples():
    assert warnings() == []


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        ({"recognised": Share(5, 10)}, ("cannot be told apart", "5 of 10")),
        ({"recognised": Share(7, 10)}, ("not proved",)),
        ({"found": Share(3, 10)}, ("more than half", "3 of 10")),
        ({"found": Share(5, 10), "false_alarms": Share(2, 4)}, ("from the background", "5 of 10", "2 of 4")),
        ({"of_class": (Share(5, 5), Share(2, 5))}, ("'wink'", "2 of 5")),
        ({"counts": (5, 2)}, ("'wink'", "2 examples", "1 more")),
        ({"counts": (1, 5), "of_class": (Share(0, 0), Share(4, 5))}, ("'pout'", "one example", "2 more")),
        ({"n_background": 0, "false_alarms": Share(0, 0)}, ("no background", "neutral/")),
        ({"contradictions": (Contradiction(3, 1, 0, 0.9),)}, ("3.mp4 (0 to 2.5 s)", "'wink'", "'pout'")),
        ({"left_by": "example", "same_video": True}, ("one video",)),
    ],
)
def test_each_weakness_is_told_alone(changes, facts):
    (said,) = warnings(**changes)
    assert all(fact in said for fact in facts)


def test_many_contradictions_are_counted():
    said = warnings(contradictions=tuple(Contradiction(i, 0, 1, 0.9) for i in range(11)))
    assert len(said) == 9 and "3 more" in said[-1]
