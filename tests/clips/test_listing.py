"""What sources share when a root is wrong."""

import pytest

from vidfer.clips.listing import NEAR, check_part, wrong_root
from vidfer.errors import VidferError


def is_root(folder):
    return (folder / "mark").is_file()


def test_a_root_two_levels_below_is_named(touch):
    root = touch("one/two/mark", "one/other/x.txt")
    assert f"is too high; give {root / 'one/two'}, which holds marks" in str(
        wrong_root(root, is_root, "marks")
    )


def test_a_root_three_levels_above_is_named_by_its_whole_path(touch, monkeypatch):
    root = touch("mark", "one/two/three/x.txt")
    monkeypatch.chdir(root / "one/two/three")
    message = str(wrong_root(root / "one/two/three", is_root, "marks"))
    assert message.endswith(f"lies too low, inside the data set; give {root}")
    assert str(wrong_root(type(root)("."), is_root, "marks")).endswith(f"give {root}")


def test_folders_that_may_not_be_read_are_passed_over(touch):
    root = touch("closed/x.txt", "open/mark")

    def ask(folder):
        if folder.name == "closed":
            raise PermissionError(13, "Permission denied")
        return is_root(folder)

    assert f"give {root / 'open'}" in str(wrong_root(root, ask, "marks"))


def test_the_search_is_bounded(touch):
    asked = []
    root = touch(*(f"{number:04}/inner/x.txt" for number in range(NEAR + 50)))
    wrong_root(root, lambda folder: asked.append(folder), "marks")
    assert len(asked) <= NEAR + 3


def test_nothing_near_says_what_was_found(touch):
    assert str(wrong_root(touch("a.txt"), is_root, "marks")).endswith("which holds a.txt; looked for marks")


def test_parts():
    check_part("dfew", None, ("1", "2"))
    check_part("dfew", "2", ("1", "2"))
    with pytest.raises(VidferError, match=r"no 'dfew:3'; choose one of dfew:1, dfew:2, or dfew alone"):
        check_part("dfew", "3", ("1", "2"))
