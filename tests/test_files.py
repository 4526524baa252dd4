"""Names of files that the system takes, whatever the video is called."""

import doctest

import pytest

import vidfer.files
from vidfer.files import LONGEST_NAME, file_name, write_text


def test_the_examples():
    assert doctest.testmod(vidfer.files).failed == 0


@pytest.mark.parametrize("stem", ["x" * 251, "é" * 125, "\N{GRINNING FACE}" * 62, "\udcff" * 251])
def test_a_long_name_can_be_written_and_stays_different_from_others(stem, tmp_path):
    names = [file_name(one, ".TextGrid") for one in (stem, stem + "1", stem[:-1])]
    for name in names:
        write_text(tmp_path / name, "here")
    assert len({*tmp_path.iterdir()}) == 3
    if "\udcff" not in stem:
        assert all(name.startswith(stem[:20]) for name in names)


def test_a_name_that_fits_stays_as_it_is(tmp_path):
    longest = "x" * (LONGEST_NAME - len(".eaf.tmp"))
    assert file_name(longest, ".eaf") == f"{longest}.eaf"
    write_text(tmp_path / f"{longest}.eaf", "here")
    assert "~" in file_name(longest + "x", ".eaf")
