"""DFEW: original clips and aligned frames, its five official sets, and the mistakes users make with it."""

import pytest
from refused import refused
from right_root import sent_to

from vidfer.clips import find_clips
from vidfer.errors import DataError, SettingError

SETS = {
    "train(single-labeled)/set_1.csv": {1: 1, 2: 2, 4: 4, 5: 5, 16372: 6},
    "test(single-labeled)/set_1.csv": {3: 3, 7: 7},
    "train(single-labeled)/set_2.csv": {3: 3, 7: 7, 2: 2, 4: 4},
    "test(single-labeled)/set_2.csv": {1: 1, 5: 5, 16372: 6},
}
NUMBERS = (1, 2, 3, 4, 5, 6, 7, 16372)  # 6 has more than one emotion


def write_sets(root, header="video_name,label\n"):
    for name, rows in SETS.items():
        file = root / "EmoLabel_DataSplit" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(header + "".join(f"{clip},{label}\n" for clip, label in rows.items()))
    return root


@pytest.fixture
def originals(draw):
    return write_sets(draw(*(f"Clip/original/{number}.mp4" for number in NUMBERS)))


@pytest.fixture
def aligned(draw):
    names = [f"Clip/clip_224x224/{n:05}/{n:05}_{frame:05}.jpg" for n in NUMBERS for frame in (1, 2, 3)]
    return write_sets(draw(*names))


SET_1 = {
    1: ("happy", None, "train"),
    2: ("sad", None, "train"),
    3: ("neutral", None, "test"),
    4: ("angry", None, "train"),
    5: ("surprise", None, "train"),
    6: (None, None, "unlabelled"),
    7: ("fear", None, "test"),
    16372: ("disgust", None, "train"),
}


@pytest.mark.parametrize("source", ["dfew", "dfew:1"])
def test_original_clips(originals, found, source):
    assert found(source, originals) == {f"Clip/original/{number}.mp4": row for number, row in SET_1.items()}
    assert not any(clip.whole_face for clip in find_clips(source, originals))


def test_aligned_frames_are_whole_faces(aligned, found):
    assert found("dfew:1", aligned) == {f"Clip/clip_224x224/{n:05}": row for n, row in SET_1.items()}
    assert all(clip.whole_face for clip in find_clips("dfew", aligned))


def test_another_set_has_other_splits(originals, found):
    splits = {key: split for key, (_, _, split) in found("dfew:2", originals).items()}
    assert {int(key[14:-4]) for key, split in splits.items() if split == "test"} == {1, 5, 16372}
    assert {int(key[14:-4]) for key, split in splits.items() if split == "train"} == {2, 3, 4, 7}


def test_the_root_chooses_between_originals_and_frames(originals, aligned, found):
    assert originals == aligned
    assert set(found("dfew", originals)) == {f"Clip/original/{number}.mp4" for number in NUMBERS}
    assert found("dfew", originals / "Clip/clip_224x224") == {f"{n:05}": row for n, row in SET_1.items()}


def test_parts_of_the_zips_as_folders(draw, found):
    root = draw(*(f"Clip/original/data_part_1-2-3/{number:05}.mp4" for number in NUMBERS))
    write_sets(root, header="")
    (root / "EmoLabel_DataSplit/train(single-labeled)").rename(
        root / "EmoLabel_DataSplit/train(single_labeled)"
    )
    assert found("dfew", root)["Clip/original/data_part_1-2-3/00003.mp4"] == ("neutral", None, "test")


def test_wrong_levels(originals):
    with sent_to(originals, "Clip/"):
        find_clips("dfew", originals.parent)
    for below in ("Clip", "EmoLabel_DataSplit", "EmoLabel_DataSplit/test(single-labeled)"):
        with sent_to(originals, originals / below):
            find_clips("dfew", originals / below)


def test_a_folder_named_as_one_of_dfew(touch):
    with refused(DataError, "data/original", "1.mp4", "Clip/", "EmoLabel_DataSplit/"):
        find_clips("dfew", touch("original/1.mp4") / "original")


def test_tables_alone(touch):
    with refused(DataError, "/data", "Clip/"):
        find_clips("dfew", touch("EmoLabel_DataSplit/train(single-labeled)/set_1.csv"))


def test_blank_lines_mean_nothing(originals):
    table = originals / "EmoLabel_DataSplit/test(single-labeled)/set_1.csv"
    before = find_clips("dfew", originals)
    table.write_text(table.read_text().replace("\n", "\n\n"))
    assert find_clips("dfew", originals) == before


def test_missing_annotation(originals):
    with refused(DataError, "EmoLabel_DataSplit", "train(single-labeled)/set_4.csv"):
        find_clips("dfew:4", originals)
    (originals / "EmoLabel_DataSplit").rename(originals / "labels")
    with refused(DataError, originals, "EmoLabel_DataSplit/"):
        find_clips("dfew", originals)


def test_zips_not_unpacked(touch):
    root = touch("Clip/original/data_part_1-2-3.zip", "EmoLabel_DataSplit/train(single_labeled).zip")
    with refused(DataError, root / "Clip/original", "data_part_1-2-3.zip"):
        find_clips("dfew", root)
    (root / "Clip/original/1.mp4").touch()
    with refused(DataError, root / "EmoLabel_DataSplit", "train(single_labeled).zip"):
        find_clips("dfew", root)


def test_some_clips_not_unpacked(originals):
    (originals / "Clip/original/4.mp4").unlink()
    with refused(DataError, "1 of the 5 clips", "set_1.csv", " 4", originals / "Clip/original"):
        find_clips("dfew", originals)


def test_no_such_set(originals):
    with refused(SettingError, "'dfew:6'", "dfew:1, ", "dfew:5"):
        find_clips("dfew:6", originals)


@pytest.mark.parametrize(
    ("row", "facts"),
    [
        ("2,8", ["'8'", "1 happy, 2 sad"]),
        ("two,2", ["'two,2'", "2522,6"]),
        ("2", ["'2'", "2522,6"]),
    ],
)
def test_wrong_rows(originals, row, facts):
    table = originals / "EmoLabel_DataSplit/train(single-labeled)/set_1.csv"
    table.write_text(table.read_text().replace("2,2\n", row + "\n"))
    with refused(DataError, "line 3", table, *facts):
        find_clips("dfew", originals)


def test_older_edition(touch):
    with refused(DataError, "data/, label/", "Clip/", "EmoLabel_DataSplit/"):
        find_clips("dfew", touch("data/00001/00001_00001.jpg", "label/single_trainset_1.csv"))
