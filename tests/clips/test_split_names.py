"""Every name that data sets use for a split leads to one."""

import pytest
from refused import refused

from vidfer.clips.splits import canonical_split
from vidfer.errors import DataError


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("Training", "train"),
        ("VAL", "val"),
        ("validation", "val"),
        ("test", "test"),
        ("Unlabeled", "unlabelled"),
    ],
)
def test_names_become_canonical(text, split):
    assert canonical_split(text, "x") == split


def test_an_empty_cell_is_no_split():
    assert canonical_split("", "x") is None


def test_an_unknown_name_is_refused():
    with refused(DataError, "line 4 of x", "'dev'", "train, val, test, unlabelled"):
        canonical_split("dev", "line 4 of x")
