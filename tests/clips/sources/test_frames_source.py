"""Lists of frame folders: paths of other machines, numbered labels, and the mistakes users make."""

import pytest
from refused import refused

from vidfer.clips import find_clips
from vidfer.clips.sources.frames_labels import read_label_names
from vidfer.errors import DataError

FOLDERS = ("faces/00001", "faces/00002", "faces/00003", "more/deep/00001")
NAMES = "Happiness\nSadness\nNeutral\nAnger\n"


@pytest.fixture
def root(draw):
    root = draw(*(f"{folder}/{number:05}.jpg" for folder in FOLDERS for number in (1, 2, 3)))
    (root / "train.txt").write_text("/home/ann/DFEW/faces/00001 3 0\n/home/ann/DFEW/faces/00002 3 1\n")
    (root / "test.txt").write_text("C:\\data\\more\\deep\\00001 3 3\n\n./faces/00003 3 2\n")
    (root / "labels.txt").write_text(NAMES)
    return root


CLIPS = {
    "faces/00001": ("happy", None, "train"),
    "faces/00002": ("sad", None, "train"),
    "faces/00003": ("neutral", None, "test"),
    "more/deep/00001": ("angry", None, "test"),
}


def test_paths_of_other_machines_are_found_by_their_longest_end(root, found):
    assert found("frames", root) == CLIPS


def test_the_longest_end_wins(root, found):
    (root / "train.txt").write_text("/x/more/deep/00001 3 0\n")
    (root / "deep").mkdir()
    (root / "deep/00001").symlink_to(root / "faces/00001")
    (root / "test.txt").unlink()
    assert set(found("frames", root)) == {"more/deep/00001"}


def test_one_list_alone(root, found):
    assert found("frames", root / "test.txt") == {key: row for key, row in CLIPS.items() if row[2] == "test"}


def test_written_labels_and_spaces_in_a_path(draw, found):
    root = draw(*(f"my faces/ann 1/{number}.png" for number in (1, 2, 3)))
    (root / "valid_list.txt").write_text("/x/my faces/ann 1 3 Happily-Surprised\n")
    (root / "readme.txt").write_text("Faces of ann.\n")
    assert found("frames", root) == {"my faces/ann 1": ("happily_surprised", None, "val")}


def test_sets_are_chosen_by_a_piece_of_their_name(root, found):
    for number in (1, 2):
        (root / f"DFEW_set_{number}_train.txt").write_text(f"/x/faces/0000{number} 3 0\n")
        (root / f"DFEW_set_{number}_test.txt").write_text(f"/x/faces/0000{3 - number} 3 1\n")
    (root / "train.txt").unlink(), (root / "test.txt").unlink()
    assert found("frames:set_2", root) == {
        "faces/00001": ("sad", None, "test"),
        "faces/00002": ("happy", None, "train"),
    }
    with refused(DataError, "DFEW_set_1_test.txt", "DFEW_set_2_test.txt", root, "'test'", "frames:set_1"):
        find_clips("frames", root)
    with refused(DataError, root, "'set_7'"):
        find_clips("frames:set_7", root)


def test_names_with_their_numbers(root, found):
    (root / "labels.txt").unlink()
    (root / "names.txt").write_text("1 Happiness\n0: Anger\n2, Neutral\n3 Happily Surprised\n")
    assert found("frames", root)["faces/00002"] == ("happy", None, "train")
    assert found("frames", root)["more/deep/00001"] == ("happily_surprised", None, "test")


def test_numbers_without_names(root):
    (root / "labels.txt").unlink()
    with refused(DataError, "line 1", root / "test.txt", "label 3", "labels.txt", "number name"):
        find_clips("frames", root)


@pytest.mark.parametrize(
    ("text", "facts"),
    [("1 happy\nsad\n", ["'sad'"]), ("1 happy\n1 sad\n", ["twice"]), ("happy\nHappiness\n", ["twice"])],
)
def test_wrong_names(tmp_path, text, facts):
    (tmp_path / "names.txt").write_text(text)
    with refused(DataError, tmp_path / "names.txt", *facts):
        read_label_names(tmp_path)


def test_number_outside_the_names(root):
    (root / "labels.txt").write_text("Happiness\nSadness\n")
    with refused(DataError, "line 1", root / "test.txt", "'3'", "0 happy, 1 sad"):
        find_clips("frames", root)


def test_a_folder_with_another_number_of_frames_is_read_as_it_is(root):
    (root / "faces/00002/00003.jpg").unlink()
    lines = []
    clips = find_clips("frames", root, on_note=lines.append)
    assert {clip.id: (clip.label, clip.subject, clip.split) for clip in clips} == CLIPS
    (line,) = [line for line in lines if "train.txt" in line]
    assert line.startswith("1 of the 2 ") and str(root / "faces/00002") in line
    assert "2 images" in line and "line 2" in line and "says 3" in line


def test_folders_that_are_all_empty(root):
    for image in root.rglob("faces/*/*.jpg"):
        image.unlink()
    with refused(DataError, root / "train.txt", root / "faces/00001", "2 folders"):
        find_clips("frames", root / "train.txt")


@pytest.mark.parametrize("suffix", [".txt", ".csv"])
def test_lists_without_the_number_of_frames(root, found, suffix):
    for name, text in (
        ("train", "x/faces/00001 Happy\nfaces/00002 Sad\n"),
        ("test", "faces/00003 Neutral\n"),
    ):
        (root / f"{name}.txt").unlink()
        (root / f"{name}_All{suffix}").write_text(text)
    assert found("frames", root) == {key: row for key, row in CLIPS.items() if key.startswith("faces")}
    assert set(found("frames", root / f"test_All{suffix}")) == {"faces/00003"}


def test_a_list_named_trainset(root, found):
    (root / "train.txt").rename(root / "trainset_1.txt")
    assert found("frames", root) == CLIPS


def test_a_path_that_ends_in_a_number_is_not_a_number_of_frames(draw, found):
    root = draw(*(f"ann 1/{number}.png" for number in (1, 2, 3)))
    (root / "train.txt").write_text("ann 1 0\n")
    (root / "labels.txt").write_text("Fear\n")
    assert found("frames", root) == {"ann 1": ("fear", None, "train")}


def test_a_wrong_line_without_the_number_of_frames(root):
    (root / "train.txt").write_text("faces/00001 0\nfaces/00002\n")
    with refused(DataError, "line 2", root / "train.txt", "'faces/00002'", "path label"):
        find_clips("frames", root)


def test_absent_folders(root):
    (root / "train.txt").write_text("/home/ann/faces/00001 3 0\n/home/ann/faces/00009 3 1\n")
    with refused(DataError, "1 of the 2 clips", root / "train.txt", "/home/ann/faces/00009", root):
        find_clips("frames", root)


@pytest.mark.parametrize("text", ["", "faces/00001,3,0\n", "elsewhere/00001 0\n", "path n_frames label\n"])
def test_list_of_another_form_is_not_passed_over(root, text):
    (root / "train.txt").write_text(text)
    with refused(DataError, root / "train.txt", "path n_frames label"):
        find_clips("frames", root)


@pytest.mark.parametrize("line", ["faces/00002 0", "faces/00002 three 0"])
def test_a_wrong_line(root, line):
    (root / "train.txt").write_text(f"faces/00001 3 0\n{line}\n")
    with refused(DataError, "line 2", root / "train.txt", f"'{line}'", "path n_frames label"):
        find_clips("frames", root)


def test_a_list_whose_name_tells_no_split(root, found):
    (root / "train.txt").rename(root / "everyone.txt")
    (root / "test.txt").unlink()
    assert found("frames", root) == {
        "faces/00001": ("happy", None, None),
        "faces/00002": ("sad", None, None),
    }
    (root / "others.txt").write_text("faces/00003 3 2\n")
    with refused(DataError, "everyone.txt", "others.txt", root, "frames:set_1"):
        find_clips("frames", root)


def test_a_file_that_is_no_list(touch):
    with refused(DataError, "train.csv", "path n_frames label"):
        find_clips("frames", touch("train.csv") / "train.csv")


def test_no_list(touch):
    with refused(DataError, "/data", "faces/", "train.txt", "path n_frames label"):
        find_clips("frames", touch("faces/00001/1.jpg"))
