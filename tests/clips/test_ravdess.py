"""RAVDESS in its two layouts; every performance once; the mistakes users make with it."""

import pytest

from vidfer.clips import find_clips
from vidfer.errors import VidferError

MERGED = (
    "Actor_01/01-01-03-01-02-01-01.mp4",
    "Actor_01/02-01-03-01-02-01-01.mp4",  # the same performance without sound
    "Actor_01/03-01-03-01-02-01-01.wav",  # and its sound alone
    "Actor_01/02-01-04-02-01-02-01.mp4",  # only without sound
    "Actor_01/01-02-02-01-01-01-01.mp4",  # song, calm
    "Actor_24/01-01-06-01-01-01-24.mp4",
)


def test_one_folder_per_actor(draw, found):
    assert found("ravdess", draw(*MERGED)) == {
        "Actor_01/01-01-03-01-02-01-01.mp4": ("happy", "Actor_01", None),
        "Actor_01/01-02-02-01-01-01-01.mp4": ("calm", "Actor_01", None),
        "Actor_01/02-01-04-02-01-02-01.mp4": ("sad", "Actor_01", None),
        "Actor_24/01-01-06-01-01-01-24.mp4": ("fear", "Actor_24", None),
    }


def test_folders_named_as_the_zips(draw, found):
    root = draw(
        "Video_Speech_Actor_01/Actor_01/01-01-01-01-01-01-01.mp4",
        "Video_Speech_Actor_02/Actor_02/02-01-08-01-01-01-02.mp4",
        "Video_Song_Actor_01/Actor_01/01-02-05-01-01-01-01.mp4",
        "Video_Song_Actor_02/01-02-07-01-01-01-02.mp4",  # unpacked without its folder
    )
    assert found("ravdess", root) == {
        "Video_Song_Actor_01/Actor_01/01-02-05-01-01-01-01.mp4": ("angry", "Actor_01", None),
        "Video_Song_Actor_02/01-02-07-01-01-01-02.mp4": ("disgust", "Actor_02", None),
        "Video_Speech_Actor_01/Actor_01/01-01-01-01-01-01-01.mp4": ("neutral", "Actor_01", None),
        "Video_Speech_Actor_02/Actor_02/02-01-08-01-01-01-02.mp4": ("surprise", "Actor_02", None),
    }


def test_a_zip_beside_its_folder_does_not_matter(draw, found):
    root = draw("Video_Speech_Actor_01/Actor_01/01-01-01-01-01-01-01.mp4", "Video_Speech_Actor_01.zip")
    assert list(found("ravdess", root)) == ["Video_Speech_Actor_01/Actor_01/01-01-01-01-01-01-01.mp4"]


def test_speech_and_song_apart(touch):
    root = touch(*MERGED)
    assert [clip.label for clip in find_clips("ravdess:song", root)] == ["calm"]
    assert [clip.label for clip in find_clips("ravdess:speech", root)] == ["happy", "sad", "fear"]
    with pytest.raises(VidferError, match=r"no 'ravdess:noise'; choose one of ravdess:speech, ravdess:song"):
        find_clips("ravdess:noise", root)


def test_wrong_levels(touch):
    root = touch(*MERGED)
    with pytest.raises(VidferError, match=r"is too high; give .*data, which holds Actor_01/"):
        find_clips("ravdess", root.parent)
    with pytest.raises(VidferError, match=r"Actor_24 lies too low, inside the data set; give .*data$"):
        find_clips("ravdess", root / "Actor_24")


def test_one_zip_of_many(touch):
    root = touch("Video_Song_Actor_01/Actor_01/01-02-05-01-01-01-01.mp4", "Video_Song_Actor_02/x.mp4")
    with pytest.raises(
        VidferError, match=r"Video_Song_Actor_01 is one zip of many; give the folder above it, .*data$"
    ):
        find_clips("ravdess", root / "Video_Song_Actor_01")


def test_zip_not_unpacked(touch):
    with pytest.raises(VidferError, match=r"the archive Video_Speech_Actor_01\.zip; unpack it"):
        find_clips("ravdess", touch("Video_Speech_Actor_01.zip"))


def test_sound_alone(touch):
    with pytest.raises(
        VidferError, match=r"such as 03-01-03-.*\.wav, and no video; get the videos, Video_Speech"
    ):
        find_clips("ravdess", touch("Actor_01/03-01-03-01-02-01-01.wav"))


def test_part_that_is_not_there(touch):
    with pytest.raises(VidferError, match=r"looked for videos of RAVDESS's song"):
        find_clips("ravdess:song", touch("Actor_01/01-01-03-01-02-01-01.mp4"))


def test_other_names(touch):
    with pytest.raises(
        VidferError, match=r"2 videos are not named as RAVDESS's .* first .*01-01-09-.*move them"
    ):
        find_clips("ravdess", touch(MERGED[0], "Actor_01/happy.mp4", "Actor_01/01-01-09-01-01-01-01.mp4"))


def test_unpacked_twice(touch):
    root = touch(MERGED[0], f"Video_Speech_Actor_01/{MERGED[0]}")
    with pytest.raises(VidferError, match=r"are the same video; move one of them away"):
        find_clips("ravdess", root)
