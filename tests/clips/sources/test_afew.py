"""AFEW's layout in the variants that users report, and the actors that share it."""

import pytest
from refused import refused

from vidfer.clips import find_clips
from vidfer.errors import DataError, SettingError

AFEW = (
    "Train_AFEW/Angry/000046280.avi",
    "Train_AFEW/Happy/000000002/000.jpg",  # official aligned frames
    "Train_AFEW/Happy/000000002/001.jpg",
    "Val_AFEW/Sad/000000003.avi",
    "Test_AFEW/000000004.avi",
    "Test_AFEW/000000005/001.jpg",
)


def test_official_layout(touch):
    found = {c.id: (c.split, c.label, c.subject, c.source) for c in find_clips("afew", touch(*AFEW))}
    assert found == {
        "Test_AFEW/000000004.avi": ("test", None, None, "afew"),
        "Test_AFEW/000000005": ("test", None, None, "afew"),
        "Train_AFEW/Angry/000046280.avi": ("train", "angry", None, "afew"),
        "Train_AFEW/Happy/000000002": ("train", "happy", None, "afew"),
        "Val_AFEW/Sad/000000003.avi": ("val", "sad", None, "afew"),
    }


VIDEOS = (
    "Train_AFEW/Angry/000046280.avi",
    "Train_AFEW/Surprise/000046281.avi",
    "Val_AFEW/Sad/000000003.avi",
    "Test_AFEW/000000004.avi",
)
ALIGNED = (
    *(f"Train_AFEW/AlignedFaces_LBPTOP_Points/Faces/000046280/{n:03}.jpg" for n in (0, 1, 2)),
    *(f"Train_AFEW/AlignedFaces_LBPTOP_Points/Faces/000046281/{n:03}.jpg" for n in (0, 1, 2)),
    "Train_AFEW/AlignedFaces_LBPTOP_Points/Points/000046280.mat",
    *(f"Val_AFEW/AlignedFaces_LBPTOP_Points_Val/Faces/000000003/{n:03}.jpg" for n in (0, 1, 2)),
    *(f"Test_AFEW/AlignedFaces_LBPTOP_Points_Test/Faces/000000004/{n:03}.jpg" for n in (0, 1, 2)),
)


def test_videos_are_read_and_the_aligned_faces_beside_them_left_out(draw, found):
    assert found("afew", draw(*VIDEOS, *ALIGNED)) == {
        "Test_AFEW/000000004.avi": (None, None, "test"),
        "Train_AFEW/Angry/000046280.avi": ("angry", None, "train"),
        "Train_AFEW/Surprise/000046281.avi": ("surprise", None, "train"),
        "Val_AFEW/Sad/000000003.avi": ("sad", None, "val"),
    }


def test_aligned_faces_take_their_labels_from_the_videos(draw, found):
    root = draw(*VIDEOS, *ALIGNED)
    assert found("afew:aligned", root) == {
        "Test_AFEW/AlignedFaces_LBPTOP_Points_Test/Faces/000000004": (None, None, "test"),
        "Train_AFEW/AlignedFaces_LBPTOP_Points/Faces/000046280": ("angry", None, "train"),
        "Train_AFEW/AlignedFaces_LBPTOP_Points/Faces/000046281": ("surprise", None, "train"),
        "Val_AFEW/AlignedFaces_LBPTOP_Points_Val/Faces/000000003": ("sad", None, "val"),
    }
    assert all(clip.whole_face for clip in find_clips("afew:aligned", root))
    assert not any(clip.whole_face for clip in find_clips("afew", root))


def test_a_video_without_aligned_faces_stays_in_the_list(touch):
    root = touch(*VIDEOS[:2], *ALIGNED[:1])
    clips = find_clips("afew:aligned", root)
    assert [(clip.path.name, clip.label, clip.path.exists()) for clip in clips] == [
        ("000046280", "angry", True),
        ("000046281", "surprise", False),
    ]


def test_aligned_faces_unpacked_into_a_folder_of_their_name(touch):
    root = touch(VIDEOS[0], ALIGNED[0].replace("Points/", "Points/AlignedFaces_LBPTOP_Points/"))
    assert [clip.path.is_dir() for clip in find_clips("afew:aligned", root)] == [True]


def test_no_aligned_faces(touch):
    with refused(DataError, "Train_AFEW", "AlignedFaces_LBPTOP_Points/Faces/", "--src afew"):
        find_clips("afew:aligned", touch(*VIDEOS[:1], "Train_AFEW/AlignedFaces_LBPTOP_Points.zip"))
    with refused(SettingError, "'afew:frames'", "afew:aligned"):
        find_clips("afew:frames", touch(*VIDEOS[:1]))


def test_zips_not_unpacked(touch):
    with refused(DataError, "Train_AFEW", "Angry.zip"):
        find_clips("afew", touch("Train_AFEW/Angry.zip"))


def test_short_names_more_labels_and_unlabelled(touch):
    root = touch(
        "Train/Contempt/1.avi",
        "Val/Happily_Surprised/2.avi",
        "Test/Angry/3.png",
        "Unlabelled/4.avi",
        "Unlabelled/x/5.avi",
    )
    found = {clip.id: (clip.split, clip.label) for clip in find_clips("afew", root)}
    assert found == {
        "Test/Angry/3.png": ("test", "angry"),
        "Train/Contempt/1.avi": ("train", "contempt"),
        "Unlabelled/4.avi": ("unlabelled", None),
        "Unlabelled/x/5.avi": ("unlabelled", None),
        "Val/Happily_Surprised/2.avi": ("val", "happily_surprised"),
    }


def test_subjects_file(touch):
    root = touch(*AFEW)
    (root / "subjects.csv").write_text("id,subject\nTest_AFEW/000000004.avi,ann\n")
    subjects = {clip.id: clip.subject for clip in find_clips("afew", root)}
    assert subjects["Test_AFEW/000000004.avi"] == "ann" and subjects["Test_AFEW/000000005"] is None


def test_subjects_file_of_another_shape(touch):
    root = touch(*AFEW)
    (root / "subjects.csv").write_text("clip;who\n1;ann\n")
    with refused(DataError, "subjects.csv", "'id'", "clip, who", "id, subject"):
        find_clips("afew", root)


@pytest.mark.parametrize(
    ("files", "below", "facts"),
    [
        (AFEW, "Train_AFEW", ["data/Train_AFEW", "/data, ", "Train_AFEW/, Val_AFEW/", "--src folder"]),
        (["Angry/1.avi"], "", ["/data", "Train_AFEW/", "--src folder"]),
        (["AFEW8/Train/Angry/1.avi"], "", ["data/AFEW8"]),
        (["clips/1.avi"], "", ["/data", "clips/", "Train_AFEW/"]),
        (["Train/Angry/readme.txt"], "", ["data/Train", "Angry/"]),
        (["Train/Angry/1.avi", "Train_AFEW/Angry/1.avi"], "", ["Train/", "Train_AFEW/", "'train'"]),
    ],
)
def test_wrong_roots(touch, files, below, facts):
    root = touch(*files) / below
    with refused(DataError, *facts):
        find_clips("afew", root)


def test_actors_need_every_subject(touch):
    root = touch("Train_AFEW/Angry/1.avi", "Train_AFEW/Angry/2.avi", "truth/settings.json")
    with refused(DataError, root, "subjects.csv", "vidfer actors", f"--out {root}"):
        find_clips("actors", root)
    (root / "subjects.csv").write_text("id,subject\nTrain_AFEW/Angry/1.avi,p01\n")
    with refused(DataError, "subjects.csv", "Train_AFEW/Angry/2.avi", f"vidfer actors --out {root}"):
        find_clips("actors", root)
    with (root / "subjects.csv").open("a") as file:
        file.write("Train_AFEW/Angry/2.avi,p02\n")
    assert [(c.subject, c.source) for c in find_clips("actors", root)] == [
        ("p01", "actors"),
        ("p02", "actors"),
    ]


def test_drawn_clips_say_so_whatever_they_are_read_as(touch):
    root = touch("Train_AFEW/Angry/1.avi")
    (root / "subjects.csv").write_text("id,subject\nTrain_AFEW/Angry/1.avi,p01\n")
    assert [clip.source for clip in find_clips("afew", root)] == ["afew"]
    with refused(DataError, root, "truth/settings.json", "vidfer actors", "--src afew"):
        find_clips("actors", root)
    touch("truth/settings.json")
    (root / "table.csv").write_text("path\nTrain_AFEW/Angry/1.avi\n")
    for source, where in (("afew", root), ("folder", root / "Train_AFEW"), ("table", root / "table.csv")):
        assert [clip.source for clip in find_clips(source, where)] == ["actors"]
    (root.parent / "table.csv").write_text("path\ndata/Train_AFEW/Angry/1.avi\n")
    assert [clip.source for clip in find_clips("table", root.parent / "table.csv")] == ["actors"]
