"""What holds for every source, and the mistakes that users make with a root."""

import os

import pytest
from refused import refused

from vidfer.clips import SOURCES, Clip, Source, find_clips
from vidfer.clips.official_folds import official_folds
from vidfer.errors import DataError, SettingError


def test_unknown_source_lists_the_known_ones():
    with refused(SettingError, "'affwild'", "actors, afew", "table", "my_source.py:my_clips"):
        find_clips("affwild", "anywhere")


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_absent_root(source, tmp_path):
    with refused(DataError, tmp_path / "nowhere"):
        find_clips(source, tmp_path / "nowhere")


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_empty_root(source, tmp_path):
    with refused(DataError, tmp_path, "empty"):
        find_clips(source, tmp_path)


@pytest.mark.parametrize("source", sorted(set(SOURCES) - {"table"}))
def test_file_instead_of_folder(source, tmp_path):
    (tmp_path / "a.mp4").touch()
    (tmp_path / "afew.zip").touch()
    with refused(DataError, tmp_path / "a.mp4"):
        find_clips(source, tmp_path / "a.mp4")
    with refused(DataError, tmp_path / "afew.zip", "archive"):
        find_clips(source, tmp_path / "afew.zip")


@pytest.mark.parametrize("source", sorted(set(SOURCES) - {"actors", "table"}))
def test_archive_not_unpacked(source, tmp_path):
    (tmp_path / "Train_AFEW.zip").touch()
    with refused(DataError, tmp_path, "Train_AFEW.zip"):
        find_clips(source, tmp_path)


@pytest.mark.parametrize(
    ("source", "file", "other"),
    [
        ("dfew", "Train_AFEW/Angry/1.avi", "afew"),
        ("sfew", "Val_AFEW/Angry/1.avi", "afew"),
        ("afew", "cohn-kanade-images/S005/001/1.png", "ckplus"),
        ("ravdess", "VideoFlash/1001_DFA_ANG_XX.flv", "cremad"),
        ("bold", "EmoLabel_DataSplit/train(single-labeled)/set_1.csv", "dfew"),
        ("ckplus", "fer2013.csv", "fer2013"),
        ("cremad", "Actor_01/01-01-03-01-02-01-01.mp4", "ravdess"),
        ("rafdb", "Video_Song_Actor_01/Actor_01/01-01-03-01-02-01-01.mp4", "ravdess"),
        ("fer2013", "Train_Aligned_Faces/Angry/a.png", "sfew"),
    ],
)
def test_another_data_set_than_named(touch, source, file, other):
    with refused(DataError, "/data", file.partition("/")[0], f"--src {other}"):
        find_clips(source, touch(file))


def test_a_source_needs_no_other_line_than_that_in_the_dict(touch, monkeypatch):
    """Parts, official folds and the hint at a wrong --src follow from the Source alone."""

    def find(root, part=None):
        names = ("a.mp4", "b.mp4")
        splits = {None: None, "1": ("test", "train"), "2": ("train", "test")}[part] or (None, None)
        return [
            Clip(id=name, path=root / name, label="sad", split=split, source="mine")
            for name, split in zip(names, splits)
        ]

    mine = Source(
        find=find, layout="*", labels="-", size="2", licence="mine", parts="1, 2", n_folds=2, marks=("a.mp4",)
    )
    monkeypatch.setitem(SOURCES, "mine", mine)
    root = touch("a.mp4", "b.mp4")
    assert [(clip.id, clip.split) for clip in find_clips("mine:2", root)] == [
        ("a.mp4", "train"),
        ("b.mp4", "test"),
    ]
    assert official_folds("mine", root) == {"a.mp4": 1, "b.mp4": 2}
    with refused(DataError, "a.mp4", "--src mine"):
        find_clips("afew", root)


def test_clips_come_sorted_by_id(touch):
    root = touch("sad/b.mp4", "angry/z.mp4", "sad/a.mp4")
    assert [clip.id for clip in find_clips("folder", root)] == ["angry/z.mp4", "sad/a.mp4", "sad/b.mp4"]


def test_names_that_are_no_utf8_are_spelt_out(touch):
    name = os.fsdecode(b"sad/b\xff.mp4")
    root = touch(name, "sad/a.mp4")
    assert [(clip.id, clip.path) for clip in find_clips("folder", root)] == [
        ("sad/a.mp4", root / "sad/a.mp4"),
        (r"sad/b\udcff.mp4", root / name),
    ]


def test_subject_pattern_names_subjects(touch):
    root = touch("sad/Al_Gore_0002.jpg", "sad/nobody.jpg", "happy/Al_Gore_0001.jpg")
    notes = []
    clips = find_clips("folder", root, subject_pattern=r"(.+)_\d+", on_note=notes.append)
    assert len(notes) == 1
    assert all(fact in notes[0] for fact in ("1 of 3", r"'(.+)_\d+'", "'nobody'"))
    assert {clip.id: clip.subject for clip in clips} == {
        "happy/Al_Gore_0001.jpg": "Al_Gore",
        "sad/Al_Gore_0002.jpg": "Al_Gore",
        "sad/nobody.jpg": None,
    }


def test_a_pattern_that_finds_the_label_is_refused(touch):
    root = touch("happy/happy_1.avi", "happy/happy_2.avi", "Sadness/sad_1.avi")
    with refused(SettingError, r"'(.+)_\d+'", "'sad_1'", "'sad'", "--subject-pattern"):
        find_clips("folder", root, subject_pattern=r"(.+)_\d+")


@pytest.mark.parametrize(
    ("names", "warns"),
    [
        (("happy/h_1.avi", "happy/h_2.avi", "sad/s_1.avi", "sad/s_2.avi"), True),
        (("happy/h_1.avi", "happy/h_2.avi", "sad/s_1.avi", "sad/h_2.avi"), False),
        (("happy/a_1.avi", "sad/b_1.avi", "sad/c_1.avi"), False),  # one clip each says nothing
        (("happy/a_1.avi", "happy/a_2.avi", "happy/b_1.avi", "happy/b_2.avi"), False),  # one class
    ],
)
def test_subjects_that_show_one_expression_each_are_told(touch, names, warns):
    notes = []
    find_clips("folder", touch(*names), subject_pattern=r"(.+)_\d+", on_note=notes.append)
    assert len(notes) == warns
    if warns:
        assert "2 subjects" in notes[0] and "'h'" in notes[0] and "--subject-pattern" in notes[0]


@pytest.mark.parametrize(
    ("pattern", "fact"),
    [("(", "regular expression"), ("a.+", "()"), (r"(s\d+)_", "'x'")],
)
def test_bad_subject_patterns(touch, pattern, fact):
    root = touch("sad/x.mp4")
    with refused(SettingError, f"'{pattern}'", fact):
        find_clips("folder", root, subject_pattern=pattern)


def test_the_right_data_set_is_not_called_another_one(touch):
    root = touch("Train_AFEW/readme.txt", "VideoFlash/1001_DFA_ANG_XX.flv")
    with pytest.raises(DataError) as caught:
        find_clips("afew", root)
    assert "--src" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(name for name, source in SOURCES.items() if source.parts))
def test_parts_are_described_by_their_names(name):
    assert f"{name}:" in SOURCES[name].parts


def test_source_without_parts(touch):
    with refused(SettingError, "'table:2'", "use table"):
        find_clips("table:2", touch("sad/a.mp4"))


def test_every_source_is_described():
    assert list(SOURCES) == sorted(SOURCES)
    for source in SOURCES.values():
        assert source.layout and source.labels and source.size and source.licence


def test_no_two_sources_have_the_same_mark():
    marks = [mark for source in SOURCES.values() for mark in source.marks]
    assert len(marks) == len(set(marks)) == 14
