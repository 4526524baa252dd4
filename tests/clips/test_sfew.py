"""SFEW with whole frames and aligned faces, and the mistakes users make with it."""

import pytest

from vidfer.clips import find_clips
from vidfer.errors import VidferError

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
    with pytest.raises(VidferError, match=r"is too high; give .*data, which holds Train/, Val/ and Test/"):
        find_clips("sfew", root.parent)
    for below in ("Train", "Val/Happy"):
        with pytest.raises(VidferError, match=r"lies too low, inside the data set; give .*data$"):
            find_clips("sfew", root / below)


def test_zips_not_unpacked(touch):
    with pytest.raises(VidferError, match=r"the archive Train_Aligned_Faces\.zip; unpack it"):
        find_clips("sfew", touch("Train_Aligned_Faces.zip"))
    with pytest.raises(VidferError, match=r"in .*Train, but the archive Angry\.zip; unpack it there"):
        find_clips("sfew", touch("Train/Angry.zip"))


def test_videos_are_afew(touch):
    with pytest.raises(
        VidferError, match=r"Train holds videos, such as 1\.avi; this is AFEW: use --src afew"
    ):
        find_clips("sfew", touch("Train/Angry/1.avi"))


def test_test_videos_are_afew_too(touch):
    with pytest.raises(VidferError, match=r"Test holds videos, such as 1\.avi"):
        find_clips("sfew", touch("Test/1.avi"))


def test_label_folders_alone(touch):
    with pytest.raises(
        VidferError, match=r"which holds Angry/, Sad/; looked for Train/, Val/ and Test/ of SFEW"
    ):
        find_clips("sfew", touch("Angry/a.png", "Sad/b.png"))
