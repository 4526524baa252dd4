"""RAF-DB: basic and compound expressions, and the mistakes users make with it."""

import pytest
from refused import refused
from right_root import sent_to

from vidfer.clips import find_clips
from vidfer.clips.sources.rafdb import COMPOUND
from vidfer.errors import DataError, SettingError

BASIC_ROWS = {
    "train_00001": 5,
    "train_00002": 1,
    "train_12271": 7,
    "test_0001": 2,
    "test_0002": 3,
    "test_3068": 4,
}
BASIC_CLIPS = {
    "test_0001": ("fear", None, "test"),
    "test_0002": ("disgust", None, "test"),
    "test_3068": ("happy", None, "test"),
    "train_00001": ("sad", None, "train"),
    "train_00002": ("surprise", None, "train"),
    "train_12271": ("neutral", None, "train"),
}


def write_labels(folder, rows):
    (folder / "EmoLabel").mkdir()
    lines = [f"{name}.jpg {number}\n" for name, number in rows.items()]
    (folder / "EmoLabel/list_patition_label.txt").write_text("".join(lines))


@pytest.fixture
def root(draw):
    root = draw(
        *(f"basic/Image/aligned/{name}_aligned.jpg" for name in BASIC_ROWS),
        *(f"basic/Image/original/{name}.jpg" for name in BASIC_ROWS),
        *(f"compound/Image/aligned/train_{number:04}_aligned.jpg" for number in range(1, 12)),
        "compound/Image/aligned/test_0001_aligned.jpg",
    )
    write_labels(root / "basic", BASIC_ROWS)
    write_labels(root / "compound", {f"train_{n:04}": n for n in range(1, 12)} | {"test_0001": 11})
    return root


def aligned(folder=""):
    return {f"{folder}Image/aligned/{name}_aligned.jpg": row for name, row in BASIC_CLIPS.items()}


COMPOUND_LABELS = [
    "happily_surprised",
    "happily_disgusted",
    "sadly_fearful",
    "sadly_angry",
    "sadly_surprised",
    "sadly_disgusted",
    "fearfully_angry",
    "fearfully_surprised",
    "angrily_surprised",
    "angrily_disgusted",
    "disgustedly_surprised",
]


def test_basic(root, found):
    assert found("rafdb:basic", root) == aligned("basic/")
    assert found("rafdb", root / "basic") == aligned()
    assert all(clip.whole_face for clip in find_clips("rafdb:basic", root))


def test_compound(root, found):
    clips = found("rafdb:compound", root)
    assert clips.pop("compound/Image/aligned/test_0001_aligned.jpg") == (
        "disgustedly_surprised",
        None,
        "test",
    )
    assert clips == {
        f"compound/Image/aligned/train_{number:04}_aligned.jpg": (label, None, "train")
        for number, label in enumerate(COMPOUND_LABELS, start=1)
    }
    assert list(COMPOUND.values()) == COMPOUND_LABELS


def test_both_at_once(root, found):
    assert len(found("rafdb", root)) == len(BASIC_ROWS) + 12


def test_originals_where_nothing_is_aligned(root, found):
    (root / "basic/Image/aligned").rename(root / "elsewhere")
    assert found("rafdb", root / "basic") == {
        f"Image/original/{name}.jpg": row for name, row in BASIC_CLIPS.items()
    }
    assert not any(clip.whole_face for clip in find_clips("rafdb:basic", root))


def test_a_part_under_another_name(root, found):
    (root / "basic").rename(root / "raf-basic")
    assert found("rafdb", root / "raf-basic") == aligned()
    (root / "raf-basic").rename(root / "mine")
    with refused(SettingError, root / "mine", "rafdb:basic", "rafdb:compound"):
        find_clips("rafdb", root / "mine")
    assert found("rafdb:basic", root / "mine") == aligned()


def test_wrong_levels(root):
    with sent_to(root, "basic/ and compound/"):
        find_clips("rafdb", root.parent)
    for below in ("basic/Image", "basic/EmoLabel", "compound/Image/aligned"):
        with sent_to(root, root / below):
            find_clips("rafdb", root / below)


def test_part_that_is_not_there(root):
    (root / "compound").rename(root / "other")
    with refused(DataError, root, "compound/"):
        find_clips("rafdb:compound", root)
    with refused(SettingError, "'rafdb:all'", "rafdb:basic, rafdb:compound"):
        find_clips("rafdb:all", root)


def test_missing_annotation(root):
    (root / "basic/EmoLabel/list_patition_label.txt").unlink()
    with refused(DataError, root / "basic", "EmoLabel/list_patition_label.txt"):
        find_clips("rafdb", root)


def test_zip_not_unpacked(touch):
    root = touch("basic/Image/aligned.zip")
    write_labels(root / "basic", BASIC_ROWS)
    with refused(DataError, root / "basic/Image", "aligned.zip"):
        find_clips("rafdb", root)


def test_absent_image(root):
    (root / "basic/Image/aligned/test_0002_aligned.jpg").unlink()
    with refused(DataError, "1 of the 6 clips", "test_0002.jpg", root / "basic/Image"):
        find_clips("rafdb", root)


@pytest.mark.parametrize(
    ("line", "facts"),
    [
        ("train_00002.jpg 8", ["'8'", "1 surprise, 2 fear"]),
        ("train_00002.jpg", ["'train_00002.jpg'", "train_00001.jpg 5"]),
        ("00002.jpg 1", ["'00002.jpg 1'", "train_00001.jpg 5"]),
    ],
)
def test_wrong_lines(root, line, facts):
    table = root / "basic/EmoLabel/list_patition_label.txt"
    table.write_text(table.read_text().replace("train_00002.jpg 1", line))
    with refused(DataError, "line 2", table, *facts):
        find_clips("rafdb", root)


def test_repacked_edition(touch):
    root = touch("DATASET/train/1/train_00002_aligned.jpg", "train_labels.csv")
    with refused(DataError, root / "DATASET", "1 surprise, 2 fear", "--src folder"):
        find_clips("rafdb", root)
