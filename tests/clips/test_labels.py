"""Every name that the data sets use leads to one expression."""

import pytest

from vidfer.clips.labels import BASIC, canonical_label, is_expression


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Anger", "angry"),
        ("Disgusted", "disgust"),
        ("AFRAID", "fear"),
        ("fearful", "fear"),
        ("Happiness", "happy"),
        ("joy", "happy"),
        ("Neutral", "neutral"),
        ("sadness", "sad"),
        ("surprised", "surprise"),
        ("Contemptuous", "contempt"),
        ("calm", "calm"),
        ("Happily Surprised", "happily_surprised"),
        ("sadly-fearful ", "sadly_fearful"),
        ("My  Own-_Label", "my_own_label"),
    ],
)
def test_names_become_canonical(name, expected):
    assert canonical_label(name) == expected
    assert canonical_label(canonical_label(name)) == expected


def test_basic_names_are_canonical_and_sorted():
    assert list(BASIC) == sorted(BASIC)
    assert [canonical_label(name) for name in BASIC] == list(BASIC)


def test_only_expressions_pass_for_expressions():
    assert is_expression("Happiness") and is_expression("contempt")
    assert not is_expression("session1") and not is_expression("train")
