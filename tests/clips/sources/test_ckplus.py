"""CK+ in its official layout, its ten folds, and the mistakes users make with it."""

import pytest
from refused import refused
from right_root import sent_to

from vidfer.clips import find_clips
from vidfer.clips.sources.ckplus import ckplus_folds
from vidfer.errors import DataError, SettingError

LABELS = {"S005/001": 3, "S010/002": 7, "S010/004": None, "S011/001": 5, "S999/003": 2, "S050/001": None}


@pytest.fixture
def root(draw):
    root = draw(
        *(f"cohn-kanade-images/{s}/{s.replace('/', '_')}_{n:08}.png" for s in LABELS for n in (1, 2, 3))
    )
    (root / "cohn-kanade-images/S010/.DS_Store").touch()
    for sequence, number in LABELS.items():
        folder = root / "Emotion" / sequence
        folder.mkdir(parents=True)
        if number:
            file = folder / f"{sequence.replace('/', '_')}_00000003_emotion.txt"
            file.write_text(f"   {number:.7e}\n")
    return root


def test_official_layout(root, found):
    assert found("ckplus", root) == {
        "cohn-kanade-images/S005/001": ("disgust", "S005", None),
        "cohn-kanade-images/S010/002": ("surprise", "S010", None),
        "cohn-kanade-images/S010/004": (None, "S010", None),
        "cohn-kanade-images/S011/001": ("happy", "S011", None),
        "cohn-kanade-images/S050/001": (None, "S050", None),
        "cohn-kanade-images/S999/003": ("contempt", "S999", None),
    }


def test_folders_named_as_the_zips_around_them(root, found):
    for name, archive in (
        ("Emotion", "Emotion_labels"),
        ("cohn-kanade-images", "extended-cohn-kanade-images"),
    ):
        (root / archive).mkdir()
        (root / name).rename(root / archive / name)
    clips = found("ckplus", root)
    assert len(clips) == 6
    folder = "extended-cohn-kanade-images/cohn-kanade-images"
    assert clips[f"{folder}/S005/001"] == ("disgust", "S005", None)


def test_every_number_has_its_label(root):
    file = next((root / "Emotion/S005/001").iterdir())
    seen = []
    for number in range(1, 8):
        file.write_text(f"{number}.0")
        seen.append(find_clips("ckplus", root)[0].label)
    assert seen == ["angry", "contempt", "disgust", "fear", "happy", "sad", "surprise"]


def test_folds_are_by_turns_over_ascending_subjects():
    subjects = [f"S{number:03}" for number in range(23)]
    folds = ckplus_folds(reversed(subjects * 2))
    assert folds == {subject: 1 + number % 10 for number, subject in enumerate(subjects)}
    assert [s for s, fold in folds.items() if fold == 3] == ["S002", "S012", "S022"]


def test_a_fold_is_held_out_with_all_of_its_subjects(root, found):
    # Labelled subjects in ascending order: S005 (1), S010 (2), S011 (3), S999 (4).
    assert {key.partition("/")[2]: split for key, (_, _, split) in found("ckplus:2", root).items()} == {
        "S005/001": "train",
        "S010/002": "test",
        "S010/004": "test",
        "S011/001": "train",
        "S050/001": "unlabelled",
        "S999/003": "train",
    }


def test_ten_folds_hold_out_each_labelled_sequence_once(root):
    held = [
        clip.id
        for fold in range(1, 11)
        for clip in find_clips(f"ckplus:{fold}", root)
        if clip.split == "test" and clip.label
    ]
    assert len(held) == len(set(held)) == 4


@pytest.mark.parametrize("part", ["0", "11", "x", ""])
def test_no_such_fold(root, part):
    with refused(SettingError, f"'ckplus:{part}'", "ckplus:1, ", "ckplus:10"):
        find_clips(f"ckplus:{part}", root)


def test_wrong_levels(root):
    with sent_to(root, "cohn-kanade-images/"):
        find_clips("ckplus", root.parent)
    for below in ("cohn-kanade-images", "cohn-kanade-images/S005", "Emotion/S005/001"):
        with sent_to(root, root / below):
            find_clips("ckplus", root / below)


def test_zips_not_unpacked(touch):
    root = touch("extended-cohn-kanade-images.zip", "Emotion_labels.zip")
    with refused(DataError, root, "Emotion_labels.zip"):
        find_clips("ckplus", root)
    (root / "Emotion").mkdir()
    with refused(DataError, root, "cohn-kanade-images/", "extended-cohn-kanade-images.zip"):
        find_clips("ckplus", root)


def test_missing_annotation(root):
    (root / "Emotion").rename(root / "Mood")
    with refused(DataError, root, "Emotion/", "Emotion_labels.zip"):
        find_clips("ckplus", root)
    (root / "Emotion").mkdir()
    with refused(DataError, root / "Emotion", "S*/*/*_emotion.txt", "Emotion_labels.zip"):
        find_clips("ckplus", root)


def test_images_without_sequences(root):
    (root / "cohn-kanade-images").rename(root / "elsewhere")
    (root / "cohn-kanade-images").mkdir()
    (root / "cohn-kanade-images/S005.zip").touch()
    with refused(DataError, root / "cohn-kanade-images", "S005.zip"):
        find_clips("ckplus", root)


def test_missing_images(root):
    (root / "cohn-kanade-images/S999").rename(root / "elsewhere")
    with refused(DataError, root / "Emotion", "1 of the 4 clips", root / "cohn-kanade-images/S999/003"):
        find_clips("ckplus", root)


@pytest.mark.parametrize("text", ["8.0", "happy", "", "nan", "2.5"])
def test_broken_emotion_file(root, text):
    next((root / "Emotion/S005/001").iterdir()).write_text(text)
    with refused(DataError, "S005_001_00000003_emotion.txt", f"'{text}'", "1 angry, 2 contempt"):
        find_clips("ckplus", root)


def test_cropped_edition(touch):
    with refused(DataError, "/data", "CK+48", "--src folder", "cohn-kanade-images/"):
        find_clips("ckplus", touch("anger/S010_004_00000017.png", "happy/S011_006_00000011.png"))
