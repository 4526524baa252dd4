"""What holds for every source, and the mistakes that users make with a root."""

import os
import subprocess
import sys

import pytest

from vidfer.clips import ABOUTS, SOURCES, describe_sources, find_clips
from vidfer.errors import VidferError


def test_unknown_source_lists_the_known_ones():
    with pytest.raises(
        VidferError,
        match=r"no source 'affwild'; choose one of actors, afew, .*table, or name .*my_source\.py:my_clips",
    ):
        find_clips("affwild", "anywhere")


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_absent_root(source, tmp_path):
    with pytest.raises(VidferError, match=r"no folder .*nowhere; give the folder that holds"):
        find_clips(source, tmp_path / "nowhere")


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_empty_root(source, tmp_path):
    with pytest.raises(VidferError, match="is empty; give the folder that holds"):
        find_clips(source, tmp_path)


@pytest.mark.parametrize("source", sorted(set(SOURCES) - {"table"}))
def test_file_instead_of_folder(source, tmp_path):
    (tmp_path / "a.mp4").touch()
    (tmp_path / "afew.zip").touch()
    with pytest.raises(VidferError, match=r"a\.mp4 is a file; give the folder"):
        find_clips(source, tmp_path / "a.mp4")
    with pytest.raises(VidferError, match=r"afew\.zip is an archive; unpack it"):
        find_clips(source, tmp_path / "afew.zip")


@pytest.mark.parametrize("source", sorted(set(SOURCES) - {"actors", "table"}))
def test_archive_not_unpacked(source, tmp_path):
    (tmp_path / "Train_AFEW.zip").touch()
    with pytest.raises(VidferError, match=r"the archive Train_AFEW\.zip; unpack it"):
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
    with pytest.raises(VidferError, match=rf"no clip in .* this is {other}: use --src {other}$"):
        find_clips(source, touch(file))


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
    clips = find_clips("folder", root, subject_pattern=r"(.+)_\d+")
    assert {clip.id: clip.subject for clip in clips} == {
        "happy/Al_Gore_0001.jpg": "Al_Gore",
        "sad/Al_Gore_0002.jpg": "Al_Gore",
        "sad/nobody.jpg": None,
    }


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", "no regular expression"),
        ("a.+", "has no group"),
        (r"(s\d+)_", "fits no file name; the first is 'x'"),
    ],
)
def test_bad_subject_patterns(touch, pattern, message):
    root = touch("sad/x.mp4")
    with pytest.raises(VidferError, match=message):
        find_clips("folder", root, subject_pattern=pattern)


@pytest.mark.parametrize("source", sorted(name for name, about in ABOUTS.items() if about.parts))
def test_parts_are_described_by_their_names(source):
    row = next(row for row in describe_sources() if row[0] == source)
    assert f"{source}:" in row[1]


def test_source_without_parts(touch):
    with pytest.raises(VidferError, match=r"table has no parts, so 'table:2' means nothing; use table"):
        find_clips("table:2", touch("sad/a.mp4"))


def test_every_source_is_described():
    rows = describe_sources()
    assert [row[0] for row in rows] == list(SOURCES)
    assert all(all(cell for cell in row) for row in rows)


def test_import_stays_light():
    heavy = "{'torch', 'numpy', 'cv2', 'decord', 'av', 'pyarrow'}"
    code = f"import sys, vidfer.clips; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
