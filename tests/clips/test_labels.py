"""Every name that the data sets use leads to one expression."""

import pytest
from refused import refused

from vidfer.clips.labels import BASIC, canonical_label, is_expression, label_of_number
from vidfer.errors import DataError


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


def test_numbers_become_names_however_they_are_written():
    labels = {0: "angry", 3: "sad"}
    assert [label_of_number(text, labels, "x") for text in ("3", " 3.0000000e+00\n", "0", "-0")] == [
        *("sad", "sad", "angry", "angry")
    ]
    for text in ("1", "2.5", "", "nan", "inf", "sad"):
        with refused(DataError, "line 4 of x", f"'{text}'", "0 angry, 3 sad"):
            label_of_number(text, labels, "line 4 of x")
