"""Label folders, splits, piles of unlabelled clips, images and folders of frames."""

import pytest
from closed import closed
from refused import refused
from right_root import sent_to

from vidfer.clips import find_clips
from vidfer.errors import DataError, SettingError


def labels(root):
    return {clip.id: clip.label for clip in find_clips("folder", root)}


def test_folder_names_are_labels_at_any_depth(touch):
    root = touch("Happiness/a.MP4", "Happiness/day1/cam2/b.webm", "Happily Surprised/c.avi", "sad/notes.txt")
    assert labels(root) == {
        "Happily Surprised/c.avi": "happily_surprised",
        "Happiness/a.MP4": "happy",
        "Happiness/day1/cam2/b.webm": "happy",
    }


def test_drawn_clips_of_every_kind_are_read(draw, found):
    root = draw(
        "train/Happiness/a.avi",
        "train/sad/day1/b.flv",
        "train/sad/c.png",
        *(f"test/sad/d/{number}.jpg" for number in (1, 2, 3)),
        "unlabelled/e.mp4",
    )
    assert found("folder", root) == {
        "test/sad/d": ("sad", None, "test"),
        "train/Happiness/a.avi": ("happy", None, "train"),
        "train/sad/c.png": ("sad", None, "train"),
        "train/sad/day1/b.flv": ("sad", None, "train"),
        "unlabelled/e.mp4": (None, None, "unlabelled"),
    }


def test_archive_below_a_label_folder(touch):
    with refused(DataError, "/data", "angry/"):
        find_clips("folder", touch("angry/clips.zip"))


def test_images_are_clips_of_one_frame_and_folders_of_images_clips_of_frames(touch):
    root = touch(
        "angry/one.jpg",
        "angry/two.png",
        "angry/clip7/001.jpg",
        "angry/clip7/002.jpg",
        "angry/clip7/times.txt",
    )
    assert labels(root) == {"angry/clip7": "angry", "angry/one.jpg": "angry", "angry/two.png": "angry"}
    assert find_clips("folder", root)[0].path.is_dir()


def test_images_beside_a_video_are_no_frames(touch):
    root = touch("angry/day/1.jpg", "angry/day/a.mp4")
    assert set(labels(root)) == {"angry/day/1.jpg", "angry/day/a.mp4"}


def test_hidden_files_are_no_clips(touch):
    root = touch("angry/a.mp4", "angry/._a.mp4", ".cache/b.mp4")
    assert set(labels(root)) == {"angry/a.mp4"}


def test_splits(touch):
    root = touch("Train/sad/a.mp4", "validation/sad/b.mp4", "test/joy/c.mp4", "unlabeled/x/d.mp4")
    found = {clip.id: (clip.split, clip.label) for clip in find_clips("folder", root)}
    assert found == {
        "Train/sad/a.mp4": ("train", "sad"),
        "test/joy/c.mp4": ("test", "happy"),
        "unlabeled/x/d.mp4": ("unlabelled", None),
        "validation/sad/b.mp4": ("val", "sad"),
    }


def test_folders_named_like_splits_are_splits_not_labels(touch):
    root = touch("trainset/sad/a.mp4", "val_data/sad/b.mp4", "Test Set/joy/c.mp4")
    found = {clip.id: (clip.split, clip.label) for clip in find_clips("folder", root)}
    assert found == {
        "Test Set/joy/c.mp4": ("test", "happy"),
        "trainset/sad/a.mp4": ("train", "sad"),
        "val_data/sad/b.mp4": ("val", "sad"),
    }


def test_folders_of_frames_without_labels_are_clips_without_labels(touch):
    root = touch(*(f"clip{k}/{name}{n:03}.jpg" for k, name in ((1, ""), (2, "frame_")) for n in (1, 2, 3)))
    (root / "new").mkdir()
    lines = []
    clips = find_clips("folder", root, on_note=lines.append)
    assert {clip.id: (clip.label, clip.split) for clip in clips} == {
        "clip1": (None, None),
        "clip2": (None, None),
    }
    empty, line = lines
    assert empty.endswith(f"1 folder that is empty: {root / 'new'}")
    assert str(root) in line and "clip1/" in line and "(2," in line and "--src table" in line


@pytest.mark.parametrize(
    ("folder", "mode", "known"),
    [
        ("sad", 0o000, {"sad": "sad"}),
        ("happy/ann", 0o000, {"happy/ann": "happy"}),
        ("sad", 0o444, {"sad/b.mp4": "sad"}),
    ],
)
def test_a_closed_folder_is_a_clip_with_the_label_of_its_films(touch, folder, mode, known):
    root = touch("happy/a.mp4", "happy/ann/c.mp4", "sad/b.mp4", "fear/d.mp4")
    others = {name: label for name, label in labels(root).items() if not name.startswith(f"{folder}/")}
    with closed(root / folder, mode):
        assert labels(root) == others | known


def test_a_closed_split_is_a_clip_of_it(touch):
    root = touch("train/happy/a.mp4", "test/happy/b.mp4")
    with closed(root / "test"):
        found = {clip.id: (clip.label, clip.split) for clip in find_clips("folder", root)}
    assert found == {"test": (None, "test"), "train/happy/a.mp4": ("happy", "train")}


def test_a_closed_folder_makes_no_labels_of_the_names_of_others(touch):
    root = touch(*(f"clip{k}/{n}.jpg" for k in (1, 2, 3) for n in (1, 2)))
    with closed(root / "clip2"):
        assert labels(root) == {"clip1": None, "clip2": None, "clip3": None}


def test_numbered_pictures_in_label_folders_keep_their_labels_below_train_as_the_note_says(touch):
    root = touch("train/pain/1.jpg", "train/pain/2.jpg", "train/joyful/1.jpg")
    found = {clip.id: (clip.split, clip.label) for clip in find_clips("folder", root)}
    assert found == {
        "train/joyful/1.jpg": ("train", "joyful"),
        "train/pain/1.jpg": ("train", "pain"),
        "train/pain/2.jpg": ("train", "pain"),
    }


@pytest.mark.parametrize(
    "files",
    [
        ["pain/ann.jpg", "pain/bob.jpg", "calm_down/1.jpg", "calm_down/2.jpg"],
        ["pain/ann1.jpg", "pain/bob2.jpg", "joyful/1.jpg", "joyful/2.jpg"],
        ["pain/1.jpg", "pain/2.jpg", "sad/1.jpg", "sad/2.jpg"],
        ["pain/1.jpg", "joyful/1.jpg"],
        ["pain/pain_001.jpg", "pain/pain_002.jpg", "joyful/joyful_001.jpg", "joyful/joyful_002.jpg"],
        ["pain/pain_001.jpg", "pain/pain_002.jpg", "type 2/001.jpg", "type 2/002.jpg"],
        ["pain/1.jpg", "pain/2.jpg", "grumpy/a.mp4"],
    ],
)
def test_pictures_in_label_folders_keep_their_labels(touch, files):
    assert labels(touch(*files)) == {file: file.split("/")[0].replace(" ", "_") for file in files}


def test_numbered_pictures_that_are_taken_for_examples_of_labels_are_told(touch):
    root = touch(*(f"{name}/{name}_{n:03}.jpg" for name in ("pain", "calm_down") for n in (1, 2)))
    lines = []
    assert len(find_clips("folder", root, on_note=lines.append)) == 4
    (line,) = lines
    assert str(root) in line and "calm_down/" in line and "unlabelled/" in line
    (root / "unlabelled").mkdir()
    for name in ("pain", "calm_down"):
        (root / name).rename(root / "unlabelled" / name)
    assert {c.id: c.label for c in find_clips("folder", root)} == {
        "unlabelled/calm_down": None,
        "unlabelled/pain": None,
    }


def test_folders_that_may_be_people_are_told(touch):
    lines = []
    root = touch("Ann/a.mp4", "Bob/b.mp4", "Zoë/c.mp4")
    assert {clip.label for clip in find_clips("folder", root, on_note=lines.append)} == {"ann", "bob", "zoë"}
    (line,) = lines
    assert "ann, bob, zoë" in line and "unlabelled/" in line
    touch("happy/d.mp4")
    find_clips("folder", root, on_note=lines.append)
    assert len(lines) == 1


def test_pictures_beside_a_folder_of_frames_keep_their_label(touch):
    root = touch("pain/1.jpg", "pain/2.jpg", "pain/clip7/1.jpg", "pain/clip7/2.jpg")
    lines = []
    clips = find_clips("folder", root, on_note=lines.append)
    assert {clip.id: clip.label for clip in clips} == dict.fromkeys(
        ("pain/1.jpg", "pain/2.jpg", "pain/clip7"), "pain"
    )
    assert lines == []


def test_a_poster_beside_its_video_is_no_clip(touch):
    root = touch(
        "sad/a.mp4", "sad/a.jpg", "sad/b.MOV", "sad/b.HEIC", "sad/c.mp4.png", "sad/c.mp4", "sad/d.jpg"
    )
    lines = []
    clips = find_clips("folder", root, on_note=lines.append)
    assert [clip.id for clip in clips] == ["sad/a.mp4", "sad/b.MOV", "sad/c.mp4", "sad/d.jpg"]
    (line,) = lines
    assert line.split()[2] == "3" and str(root / "sad/a.jpg") in line


def test_a_poster_beside_its_video_in_a_pile_is_no_clip(touch):
    assert labels(touch("a.mp4", "a.jpg", "more/b.mp4", "more/b.jpg")) == {"a.mp4": None, "more/b.mp4": None}


def test_unlabelled_folder_beside_labels(touch):
    root = touch("sad/a.mp4", "unlabelled/b.mp4", "unlabelled/frames/1.jpg")
    found = {clip.id: (clip.split, clip.label) for clip in find_clips("folder", root)}
    assert found == {
        "sad/a.mp4": (None, "sad"),
        "unlabelled/b.mp4": ("unlabelled", None),
        "unlabelled/frames": ("unlabelled", None),
    }


def test_flat_pile_may_be_nested(touch):
    assert labels(touch("a.mp4", "more/b.mp4", "more/still/c.avi")) == {
        "a.mp4": None,
        "more/b.mp4": None,
        "more/still/c.avi": None,
    }


def test_stray_clip_beside_expressions_takes_no_label_away(touch):
    assert labels(touch("stray.mp4", "Happy/a.mp4", "grumpy/b.mp4")) == {
        "Happy/a.mp4": "happy",
        "grumpy/b.mp4": "grumpy",
        "stray.mp4": None,
    }


@pytest.mark.parametrize(
    ("files", "facts"),
    [
        (["set/angry/a.mp4", "set/sad/b.mp4"], ["data/set", "angry/", "--src table"]),
        (["set/train/angry/a.mp4"], ["data/set", "train/", "--src table"]),
        (["train/sad/a.mp4", "extra/b.mp4"], ["train/", "extra/", "train/, val/, test/, unlabelled/"]),
        (["readme.txt", "docs/a.pdf"], ["docs/, readme.txt", "label folders"]),
    ],
)
def test_wrong_roots(touch, files, facts):
    root = touch(*files)
    with refused(DataError, *facts):
        find_clips("folder", root)


def test_one_label_folder_is_no_root(touch):
    root = touch("angry/a.mp4", "sad/b.mp4")
    with sent_to(root, root / "angry"):
        find_clips("folder", root / "angry")


def test_real_folders(shared):
    labelled = find_clips("folder", shared / "data/clips/labelled")
    assert len(labelled) == 16 and len({clip.label for clip in labelled}) == 8
    assert [clip.label for clip in find_clips("folder", shared / "data/clips/unlabelled")] == [None] * 80
    faces = find_clips("folder", shared / "data/images/muxspace", subject_pattern=r"(.+)_\d+$")
    assert len(faces) == 3524
    assert sum(clip.label == "angry" for clip in faces) == 252
    assert sum(clip.subject == "George_W_Bush" for clip in faces) > 1


def test_pictures_that_were_cut_to_the_face(touch):
    root = touch("angry/one.jpg", "sad/two.jpg")
    assert not any(clip.whole_face for clip in find_clips("folder", root))
    assert all(clip.whole_face for clip in find_clips("folder:faces", root))
    with refused(SettingError, "'folder:face'", "folder:faces"):
        find_clips("folder:face", root)
