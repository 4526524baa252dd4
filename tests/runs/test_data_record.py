"""The record of a run's data."""

import pytest

from vidfer.runs.data_record import domains_of, same_data

ONE = {"cache_hash": "a", "note": "by subject", "train": ["x", "y"], "fold": None}


def test_notes_do_not_make_another_record():
    assert same_data(ONE, ONE | {"note": "in other words"})
    joint = {"note": "1", "domains": [ONE, ONE]}
    assert same_data(joint, {"note": "2", "domains": [ONE, ONE | {"note": "3"}]})


@pytest.mark.parametrize(
    "change",
    [{"cache_hash": "b"}, {"train": ["x"]}, {"train": ["y", "x"]}, {"fold": {"name": "1/3"}}, {"more": 1}],
)
def test_everything_else_does(change):
    assert not same_data(ONE, ONE | change)
    assert not same_data({"domains": [ONE]}, {"domains": [ONE | change]})


def test_the_records_of_each_cache():
    assert domains_of(ONE) == [ONE] and domains_of({"domains": [ONE, ONE]}) == [ONE, ONE]
    assert domains_of({}) == []
