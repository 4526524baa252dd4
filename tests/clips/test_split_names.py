"""Every name that data sets use for a split leads to one."""

import pytest
from refused import refused

from vidfer.clips.splits import canonical_split, split_of_name
from vidfer.errors import DataError


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("Training", "train"),
        ("VAL", "val"),
        ("validation", "val"),
        ("test", "test"),
        ("Unlabeled", "unlabelled"),
        ("trainset", "train"),
        ("train_set", "train"),
        ("Training Set", "train"),
        ("val_data", "val"),
        ("data-valid", "val"),
        ("test_images", "test"),
    ],
)
def test_names_become_canonical(text, split):
    assert canonical_split(text, "x") == split


def test_an_empty_cell_is_no_split():
    assert canonical_split("", "x") is None


@pytest.mark.parametrize("name", ["trainer", "contest", "testament", "set", "data", "", "test2", "trainval"])
def test_other_names_are_no_splits(name):
    assert split_of_name(name) is None


def test_an_unknown_name_is_refused():
    with refused(DataError, "line 4 of x", "'dev'", "train, val, test, unlabelled"):
        canonical_split("dev", "line 4 of x")
