"""The action units of each expression."""

import pytest

from vidfer.actors.expressions import EXPRESSIONS, prototype
from vidfer.actors.units import UNITS


def test_every_prototype_is_made_of_known_units():
    for label in EXPRESSIONS:
        assert set(prototype(label)) <= set(UNITS), label


@pytest.mark.parametrize(
    ("label", "units"),
    [
        ("angry", {4, 5, 7, 23}),
        ("disgust", {9, 10, 15}),
        ("fear", {1, 2, 4, 5, 7, 20, 26}),
        ("happy", {6, 12}),
        ("neutral", set()),
        ("sad", {1, 4, 15}),
        ("surprise", {1, 2, 5, 26}),
        ("happily_surprised", {1, 2, 12, 25}),
        ("sadly_fearful", {1, 2, 4, 15, 25}),
        ("angrily_disgusted", {4, 7, 9, 10}),
    ],
)
def test_prototypes_are_the_published_ones(label, units):
    assert set(prototype(label)) == units


def test_contempt_shows_on_the_right_side_only():
    assert prototype("contempt") == {12: (0.0, 1.0), 14: (0.0, 1.0)}


def test_no_two_expressions_share_a_prototype():
    prototypes = [tuple(sorted(prototype(label).items())) for label in EXPRESSIONS]
    assert len(set(prototypes)) == len(prototypes)
