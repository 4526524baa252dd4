"""RAVDESS in its two layouts; every performance once; the mistakes users make with it."""

from refused import refused
from right_root import sent_to

from vidfer.clips import find_clips
from vidfer.errors import DataError, SettingError

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
    with refused(SettingError, "'ravdess:noise'", "ravdess:speech, ravdess:song"):
        find_clips("ravdess:noise", root)


def test_wrong_levels(touch):
    root = touch(*MERGED)
    with sent_to(root, "Actor_01/"):
        find_clips("ravdess", root.parent)
    with sent_to(root, root / "Actor_24"):
        find_clips("ravdess", root / "Actor_24")


def test_one_zip_of_many(touch):
    root = touch("Video_Song_Actor_01/Actor_01/01-02-05-01-01-01-01.mp4", "Video_Song_Actor_02/x.mp4")
    with sent_to(root, root / "Video_Song_Actor_01"):
        find_clips("ravdess", root / "Video_Song_Actor_01")


def test_zip_not_unpacked(touch):
    with refused(DataError, "/data", "Video_Speech_Actor_01.zip"):
        find_clips("ravdess", touch("Video_Speech_Actor_01.zip"))


def test_sound_alone(touch):
    with refused(DataError, "/data", "03-01-03-01-02-01-01.wav", "Video_Speech_Actor_01.zip"):
        find_clips("ravdess", touch("Actor_01/03-01-03-01-02-01-01.wav"))


def test_part_that_is_not_there(touch):
    with refused(DataError, "/data", "Actor_01/", "song"):
        find_clips("ravdess:song", touch("Actor_01/01-01-03-01-02-01-01.mp4"))


def test_other_names(touch):
    with refused(DataError, "2 videos", "Actor_01/01-01-09-01-01-01-01.mp4", "--src folder"):
        find_clips("ravdess", touch(MERGED[0], "Actor_01/happy.mp4", "Actor_01/01-01-09-01-01-01-01.mp4"))


def test_unpacked_twice(touch):
    root = touch(MERGED[0], f"Video_Speech_Actor_01/{MERGED[0]}")
    with refused(DataError, root / MERGED[0], root / f"Video_Speech_Actor_01/{MERGED[0]}"):
        find_clips("ravdess", root)
