"""Files whose names a table spells in another way than the disk."""

import pytest
from refused import refused

from vidfer.clips import find_clips
from vidfer.clips.named_path import NamedPaths
from vidfer.errors import DataError

NFC, NFD = "z\xf6e", "zo\u0308e"


@pytest.fixture(params=[(NFC, NFD), (NFD, NFC)], ids=["NFC on disk", "NFD on disk"])
def forms(request):
    """The form that the disk has, and the form that the table has."""
    return request.param


def test_a_path_in_the_other_form_finds_folders_and_files(touch, forms):
    on_disk, written = forms
    root = touch(f"{on_disk}/{on_disk}.mp4", "b.mp4")
    paths = NamedPaths(root)
    expected = root / on_disk / f"{on_disk}.mp4"
    for text in (f"{written}/{written}.mp4", f"{written}\\{on_disk}.mp4", f"{on_disk}/{on_disk}.mp4"):
        assert paths.find(text) == expected
    assert paths.find(str(root / written / f"{written}.mp4")) == expected
    for text in (f"{written}/c.mp4", f"{written}.mp4", "zoe/zoe.mp4", f"b.mp4/{written}", f"{written}\0"):
        assert paths.find(text) is None
    assert paths.find("B.mp4") is None  # case counts


def test_where_both_forms_are_there_each_is_itself(touch):
    root = touch(f"{NFC}.mp4", f"{NFD}.mp4", f"a/{NFC}.mp4", f"a/{NFD}.mp4")
    paths = NamedPaths(root)
    assert [paths.find(f"{name}.mp4") for name in (NFC, NFD)] == [root / f"{NFC}.mp4", root / f"{NFD}.mp4"]
    assert paths.find(f"a\\{NFD}.mp4") == root / "a" / f"{NFD}.mp4"


def test_a_table_finds_files_in_the_other_form(touch, forms):
    on_disk, written = forms
    root = touch(f"{on_disk}/1.mp4", "b/2.mp4")
    table = root / "clips.csv"
    table.write_text(f"path,label\n{written}/1.mp4,happy\nb\\2.mp4,sad\n", encoding="utf-8")
    first, second = sorted(find_clips("table", table), key=lambda clip: clip.label)
    assert (first.id, first.path) == (f"{written}/1.mp4", root / on_disk / "1.mp4")
    assert (second.id, second.path) == ("b/2.mp4", root / "b/2.mp4")
    table.write_text(f"path,label\n{written}/1.mp4,happy\n{on_disk}/1.mp4,sad\n", encoding="utf-8")
    with refused(DataError, "2 ids", table):
        find_clips("table", table)


def test_a_list_of_frames_finds_folders_in_the_other_form(touch, forms):
    on_disk, written = forms
    root = touch(*(f"faces/{on_disk}/{i}.jpg" for i in range(3)))
    (root / "train.txt").write_text(f"D:\\data\\faces\\{written} 3 happy\n", encoding="utf-8")
    (clip,) = find_clips("frames", root)
    assert (clip.path, clip.label) == (root / "faces" / on_disk, "happy")


def test_a_table_of_subjects_finds_clips_in_the_other_form(touch, forms):
    on_disk, written = forms
    root = touch(f"Train/Happy/{on_disk}.avi", "Train/Sad/2.avi")
    text = f"id,subject\nTrain/Happy/{written}.avi,ann\nTrain\\Sad\\2.avi,bob\n"
    (root / "subjects.csv").write_text(text, encoding="utf-8")
    assert {clip.label: clip.subject for clip in find_clips("afew", root)} == {"happy": "ann", "sad": "bob"}
