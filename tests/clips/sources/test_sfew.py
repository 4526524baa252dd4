"""SFEW with whole frames and aligned faces, and the mistakes users make with it."""

from refused import refused
from right_root import sent_to

from vidfer.clips import find_clips
from vidfer.errors import DataError

OFFICIAL = (
    "Train/Angry/AboutABoy_000330240_00000005.png",
    "Train/Disgust/Airheads_000519240_00000005.png",
    "Train/Fear/a.png",
    "Val/Happy/b.png",
    "Val/Neutral/c.png",
    "Val/Surprise/d.png",
    "Test/e.png",
)


def test_official_layout(draw, found):
    root = draw(*OFFICIAL, "Train_Aligned_Faces/Angry/AboutABoy_000330240_00000005.png")
    assert found("sfew", root) == {
        "Test/e.png": (None, None, "test"),
        "Train/Angry/AboutABoy_000330240_00000005.png": ("angry", None, "train"),
        "Train/Disgust/Airheads_000519240_00000005.png": ("disgust", None, "train"),
        "Train/Fear/a.png": ("fear", None, "train"),
        "Val/Happy/b.png": ("happy", None, "val"),
        "Val/Neutral/c.png": ("neutral", None, "val"),
        "Val/Surprise/d.png": ("surprise", None, "val"),
    }
    assert not any(clip.whole_face for clip in find_clips("sfew", root))


def test_aligned_faces_beside_and_inside_the_splits(draw, found):
    root = draw(
        "Train/Train_Aligned_Faces/Angry/a.png",
        "Val_Aligned_Faces_new/Sad/b.png",
        "Test/Test_Aligned_Faces/c.png",
    )
    assert found("sfew", root) == {
        "Test/Test_Aligned_Faces/c.png": (None, None, "test"),
        "Train/Train_Aligned_Faces/Angry/a.png": ("angry", None, "train"),
        "Val_Aligned_Faces_new/Sad/b.png": ("sad", None, "val"),
    }
    assert all(clip.whole_face for clip in find_clips("sfew", root))


def test_wrong_levels(touch):
    root = touch(*OFFICIAL)
    with sent_to(root, "Train/, Val/ and Test/"):
        find_clips("sfew", root.parent)
    for below in ("Train", "Val/Happy"):
        with sent_to(root, root / below):
            find_clips("sfew", root / below)


def test_zips_not_unpacked(touch):
    with refused(DataError, "/data", "Train_Aligned_Faces.zip"):
        find_clips("sfew", touch("Train_Aligned_Faces.zip"))
    with refused(DataError, "data/Train", "Angry.zip"):
        find_clips("sfew", touch("Train/Angry.zip"))


def test_videos_are_afew(touch):
    with refused(DataError, "data/Train", "1.avi", "--src afew"):
        find_clips("sfew", touch("Train/Angry/1.avi"))


def test_test_videos_are_afew_too(touch):
    with refused(DataError, "data/Test", "1.avi", "--src afew"):
        find_clips("sfew", touch("Test/1.avi"))


def test_label_folders_alone(touch):
    with refused(DataError, "/data", "Angry/, Sad/", "Train/, Val/ and Test/"):
        find_clips("sfew", touch("Angry/a.png", "Sad/b.png"))
