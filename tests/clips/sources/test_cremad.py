"""CREMA-D as published and converted, and the mistakes users make with it."""

import pytest
from refused import refused
from right_root import sent_to

from vidfer.clips import find_clips
from vidfer.errors import DataError

NAMES = (
    "1001_DFA_ANG_XX",
    "1001_IEO_DIS_HI",
    "1002_IEO_FEA_MD",
    "1091_IEO_HAP_LO",
    "1091_ITH_NEU_XX",
    "1091_ITH_SAD_X",
)
EXPECTED = (
    ("angry", "1001", None),
    ("disgust", "1001", None),
    ("fear", "1002", None),
    ("happy", "1091", None),
    ("neutral", "1091", None),
    ("sad", "1091", None),
)


@pytest.mark.parametrize("folder", ["VideoFlash/{}.flv", "VideoMP4/{}.mp4", "{}.avi"])
def test_published_and_converted(draw, found, folder):
    root = draw(*map(folder.format, NAMES), "README.md", "AudioWAV/1001_DFA_ANG_XX.wav")
    assert found("cremad", root) == dict(zip(map(folder.format, NAMES), EXPECTED))


def test_the_folder_of_videos_is_a_root_too(draw, found):
    root = draw("CREMA-D/VideoFlash/1001_DFA_ANG_XX.flv")
    assert found("cremad", root / "CREMA-D/VideoFlash") == {"1001_DFA_ANG_XX.flv": ("angry", "1001", None)}


def test_wrong_levels(touch):
    root = touch("CREMA-D/VideoFlash/1001_DFA_ANG_XX.flv", "CREMA-D/docs/notes.txt")
    with sent_to(root / "CREMA-D", "VideoFlash/"):
        find_clips("cremad", root)
    with sent_to(root / "CREMA-D", root / "CREMA-D/docs"):
        find_clips("cremad", root / "CREMA-D/docs")


def test_converted_videos_two_levels_below(touch):
    root = touch("CREMA-D/converted/1001_DFA_ANG_XX.mp4")
    with sent_to(root / "CREMA-D/converted"):
        find_clips("cremad", root)


def test_zip_not_unpacked(touch):
    with refused(DataError, "/data", "CREMA-D.zip"):
        find_clips("cremad", touch("CREMA-D.zip"))


def test_pointers_of_git_lfs(draw):
    root = draw("VideoFlash/1001_DFA_ANG_XX.flv", "VideoFlash/1001_DFA_SAD_XX.flv")
    (root / "VideoFlash/1001_DFA_SAD_XX.flv").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    )
    with refused(DataError, root / "VideoFlash", "1 of the 2 videos", "1001_DFA_SAD_XX.flv", "git lfs pull"):
        find_clips("cremad", root)


def test_sound_alone(touch):
    with refused(DataError, "/data", "VideoFlash/"):
        find_clips("cremad", touch("AudioWAV/1001_DFA_ANG_XX.wav"))


def test_two_editions(touch):
    root = touch("VideoFlash/1001_DFA_ANG_XX.flv", "VideoMP4/1001_DFA_ANG_XX.mp4")
    with refused(DataError, root, "VideoFlash/", "VideoMP4/"):
        find_clips("cremad", root)


def test_other_names(touch):
    root = touch("VideoFlash/1001_DFA_ANG_XX.flv", "VideoFlash/1001_DFA_SUR_XX.flv")
    with refused(DataError, "1 videos", root / "VideoFlash/1001_DFA_SUR_XX.flv", "--src folder"):
        find_clips("cremad", root)
