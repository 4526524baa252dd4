"""FER2013 as a table and as folders, and the mistakes users make with it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_media import as_pixels
from refused import refused
from right_root import sent_to

from vidfer.clips import find_clips
from vidfer.errors import DataError

ROWS = (
    (0, "Training"),
    (1, "Training"),
    (2, "Training"),
    (3, "Training"),
    (4, "PublicTest"),
    (5, "PublicTest"),
    (6, "PrivateTest"),
    (3, "PrivateTest"),
)
IMAGES = {
    "fer2013_images/PrivateTest/happy/fer0000007.png": ("happy", None, "test"),
    "fer2013_images/PrivateTest/neutral/fer0000006.png": ("neutral", None, "test"),
    "fer2013_images/PublicTest/sad/fer0000004.png": ("sad", None, "val"),
    "fer2013_images/PublicTest/surprise/fer0000005.png": ("surprise", None, "val"),
    "fer2013_images/Training/angry/fer0000000.png": ("angry", None, "train"),
    "fer2013_images/Training/disgust/fer0000001.png": ("disgust", None, "train"),
    "fer2013_images/Training/fear/fer0000002.png": ("fear", None, "train"),
    "fer2013_images/Training/happy/fer0000003.png": ("happy", None, "train"),
}


@pytest.fixture
def table(tmp_path):
    file = tmp_path / "fer2013" / "fer2013.csv"
    file.parent.mkdir()
    rows = [f"{emotion},{as_pixels()},{usage}\n" for emotion, usage in ROWS]
    file.write_text("emotion,pixels,Usage\n" + "".join(rows))
    return file


def test_table(table, found):
    assert found("fer2013", table) == IMAGES
    assert found("fer2013", table.parent) == IMAGES
    assert all(clip.whole_face for clip in find_clips("fer2013", table))
    assert {path.name for path in table.parent.iterdir()} == {"fer2013.csv", "fer2013_images"}


def test_pixels_are_kept_and_written_once(table):
    path = find_clips("fer2013", table)[0].path
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(image.ravel(), np.array(as_pixels().split(), dtype=np.uint8))
    assert image.shape == (48, 48)
    before = path.stat().st_mtime_ns
    assert find_clips("fer2013", table)[0].path.stat().st_mtime_ns == before


def test_other_order_of_columns(table, found):
    lines = [f"{emotion}, {usage},{as_pixels()}\n" for emotion, usage in ROWS]
    table.unlink()
    (table.parent / "icml_face_data.csv").write_text("emotion, Usage, pixels\n" + "".join(lines))
    assert found("fer2013", table.parent) == IMAGES


def test_folders(draw, found):
    root = draw(
        "train/angry/Training_3908.jpg",
        "train/surprise/Training_1.jpg",
        "test/happy/PublicTest_2.jpg",
        "test/neutral/PrivateTest_3.jpg",
        "test/sad/4.jpg",
    )
    assert found("fer2013", root) == {
        "test/happy/PublicTest_2.jpg": ("happy", None, "val"),
        "test/neutral/PrivateTest_3.jpg": ("neutral", None, "test"),
        "test/sad/4.jpg": ("sad", None, "test"),
        "train/angry/Training_3908.jpg": ("angry", None, "train"),
        "train/surprise/Training_1.jpg": ("surprise", None, "train"),
    }
    assert all(clip.whole_face for clip in find_clips("fer2013", root))


@pytest.mark.parametrize(
    ("file", "split"), [("train/angry/Training_1.jpg", "train"), ("test/sad/4.jpg", "test")]
)
def test_one_of_the_folders_is_enough(draw, found, file, split):
    assert found("fer2013", draw(file)) == {file: (file.split("/")[1], None, split)}


def test_wrong_levels(table, touch):
    with sent_to(table.parent, "fer2013.csv"):
        find_clips("fer2013", table.parent.parent)
    find_clips("fer2013", table)
    with sent_to(table.parent, "fer2013_images"):
        find_clips("fer2013", table.parent / "fer2013_images")
    root = touch("train/angry/1.jpg", "test/angry/2.jpg")
    with sent_to(root, root / "train"):
        find_clips("fer2013", root / "train")


def test_archive_not_unpacked(touch):
    with refused(DataError, "/data", "fer2013.tar.gz"):
        find_clips("fer2013", touch("fer2013.tar.gz"))


@pytest.mark.parametrize("header", ["emotion,pixels", "Usage,Image name,neutral,happiness"])
def test_other_tables(tmp_path, header):
    (tmp_path / "train.csv").write_text(header + "\n")
    with refused(DataError, "train.csv", header.split(",")[1].lower(), "fer2013.csv", "icml_face_data.csv"):
        find_clips("fer2013", tmp_path / "train.csv")


@pytest.mark.parametrize(
    ("row", "facts"),
    [
        ("7,0 0,Training", ["'7'", "0 angry, 1 disgust"]),
        ("0,0 0,Testing", ["Usage 'Testing'", "Training, PublicTest, PrivateTest"]),
        ("0", ["Usage ''", "Training, PublicTest, PrivateTest"]),
        (f"0,{'-1 ' * 2304},Training", ["2304 pixels", "48 x 48", "0 to 255"]),
        ("0,0 0,Training", ["2 pixels", "48 x 48", "0 to 255"]),
        (f"0,{'256 ' * 2304},Training", ["2304 pixels", "48 x 48", "0 to 255"]),
    ],
)
def test_wrong_rows_leave_no_images(table, row, facts):
    with table.open("a") as file:
        file.write(row + "\n")
    with refused(DataError, "line 10", table, *facts):
        find_clips("fer2013", table)
    assert [path.name for path in table.parent.iterdir()] == ["fer2013.csv"]


def test_table_without_rows(table):
    table.write_text("emotion,pixels,Usage\n")
    with refused(DataError, table, "no rows"):
        find_clips("fer2013", table)


def test_images_of_another_table(table):
    find_clips("fer2013", table)
    with table.open("a") as file:
        file.write(f"0,{as_pixels()},Training\n")
    with refused(DataError, "8 images", table.parent / "fer2013_images", "9 rows", table):
        find_clips("fer2013", table)


@pytest.mark.parametrize("change", ["gone", "moved", "one more"])
def test_images_that_were_changed(table, change):
    path = find_clips("fer2013", table)[0].path
    if change == "moved":
        path.rename(path.with_name("other.png"))
    elif change == "gone":
        path.unlink()
    else:
        path.with_name("other.png").touch()
    with refused(DataError, "images", table.parent / "fer2013_images", "8 rows", table):
        find_clips("fer2013", table)


def test_two_processes_at_once(table, found, monkeypatch):
    """The other one is done while this one is about to give its folder the last name."""
    rename = Path.rename

    def late(path, target):
        monkeypatch.setattr(Path, "rename", rename)
        find_clips("fer2013", table)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", late)
    assert found("fer2013", table) == IMAGES
    assert {path.name for path in table.parent.iterdir()} == {"fer2013.csv", "fer2013_images"}


def test_full_disk_leaves_no_images(table, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with refused(DataError, table.parent / "fer2013_images", "No space left on device"):
        find_clips("fer2013", table)
    assert [path.name for path in table.parent.iterdir()] == ["fer2013.csv"]


def test_folder_that_cannot_be_written(table, monkeypatch):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)  # modes cannot forbid it to everyone
    with refused(DataError, table, "Permission denied"):
        find_clips("fer2013", table)
