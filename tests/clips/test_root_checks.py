"""What sources share when a root is wrong."""

from pathlib import Path

import pytest
from refused import refused
from right_root import sent_to

from vidfer.clips.root_checks import MAX_FOLDERS, check_part, wrong_root
from vidfer.errors import DataError, SettingError


def is_root(folder):
    return (folder / "mark").is_file()


def test_a_root_two_levels_below_is_named(touch):
    root = touch("one/two/mark", "one/other/x.txt")
    with sent_to(root / "one/two", "marks"):
        raise wrong_root(root, is_root, "marks")


def test_a_root_three_levels_above_is_named_by_its_whole_path(touch, monkeypatch):
    root = touch("mark", "one/two/three/x.txt")
    monkeypatch.chdir(root / "one/two/three")
    for given in (root / "one/two/three", Path()):
        with sent_to(root, given):
            raise wrong_root(given, is_root, "marks")


def test_folders_that_may_not_be_read_are_passed_over(touch):
    root = touch("closed/x.txt", "open/mark")

    def ask(folder):
        if folder.name == "closed":
            raise PermissionError(13, "Permission denied")
        return is_root(folder)

    with sent_to(root / "open"):
        raise wrong_root(root, ask, "marks")


def test_the_search_is_bounded(touch):
    asked = []
    root = touch(*(f"{number:04}/inner/x.txt" for number in range(MAX_FOLDERS + 50)))
    wrong_root(root, lambda folder: asked.append(folder), "marks")
    assert len(asked) <= MAX_FOLDERS + 3


def test_nothing_near_says_what_was_found(touch):
    with refused(DataError, "/data", "a.txt", "marks"):
        raise wrong_root(touch("a.txt"), is_root, "marks")


def test_parts():
    check_part("dfew", None, ("1", "2"))
    check_part("dfew", "2", ("1", "2"))
    with refused(SettingError, "'dfew:3'", "dfew:1, dfew:2"):
        check_part("dfew", "3", ("1", "2"))


@pytest.mark.parametrize("system", ["__MACOSX", "@eaDir"])
def test_a_folder_that_a_system_makes_is_never_the_suggested_root(tmp_path, system):
    (tmp_path / "unpacked" / system / "Train").mkdir(parents=True)
    error = wrong_root(tmp_path, lambda folder: (folder / "Train").is_dir(), "Train/")
    assert "unpacked/" in str(error)
    assert system not in str(error)
