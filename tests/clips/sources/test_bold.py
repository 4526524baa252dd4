"""BoLD's annotations and joints, on two people in one small video."""

import numpy as np
import pytest
from drawn_media import write_video
from refused import refused
from right_root import sent_to

from vidfer.clips import find_clips
from vidfer.crops.decode.video import read_chunks
from vidfer.errors import DataError

VIDEO = "003/abc.mp4/0001.mp4"
REST = ",".join(["0.1"] * 26 + ["5", "5", "5", "Male", "Adult", "White", "0.9"])


def frontal(frame, person, x, y, score=1.0):
    """A joints row of someone facing the camera: eyes 20 px apart around x, nose at y, neck 40 px below."""
    joints = np.zeros((18, 3))
    joints[[0, 1, 14, 15]] = [
        [x, y, score],
        [x, y + 40, score],
        [x - 10, y - 10, score],
        [x + 10, y - 10, score],
    ]
    return np.concatenate([[frame, person], joints.ravel()])


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "BOLD_public"
    for folder in (f"videos/{VIDEO}", f"joints/{VIDEO}"):
        (root / folder).parent.mkdir(parents=True)
    (root / "annotations").mkdir()
    write_video(root / "videos" / VIDEO, fps=10, n_frames=30)
    rows = [frontal(f, 0, 100, 80) for f in range(30)] + [frontal(f, 1, 400, 90) for f in range(30)]
    rows.append(frontal(12, 0, 9000, 9000))  # one frame gone astray: the median stays
    np.save(root / "joints/003/abc.mp4/0001.npy", np.stack(rows))
    (root / "annotations/train.csv").write_text(f"{VIDEO},0,10,19,{REST}\n{VIDEO},1,0,29,{REST}\n")
    (root / "annotations/val.csv").write_text(f"videos/{VIDEO},7,0,29,{REST}\n")
    return root


def test_people_become_clips(root):
    clips = find_clips("bold", root)
    assert [clip.id for clip in clips] == [f"{VIDEO}#0@10-19", f"{VIDEO}#1@0-29", f"{VIDEO}#7@0-29"]
    assert all(clip.path == root / "videos" / VIDEO for clip in clips)
    assert {(clip.label, clip.split, clip.source) for clip in clips} == {(None, "unlabelled", "bold")}
    assert [(clip.start_s, clip.end_s) for clip in clips[:2]] == [(1.0, 2.0), (0.0, 3.0)]


def test_hint_surrounds_the_annotated_head(root):
    left, right, unknown = (clip.box_hint for clip in find_clips("bold", root))
    # Centre: mean of nose and eyes. Side: 3 x 20 (eyes), as 1.5 x 40 (neck), times the margin 1.5.
    np.testing.assert_allclose(left, (100 - 45, 80 - 20 / 3 - 45, 100 + 45, 80 - 20 / 3 + 45))
    np.testing.assert_allclose(right, (400 - 45, 90 - 20 / 3 - 45, 400 + 45, 90 - 20 / 3 + 45))
    assert unknown is None


@pytest.mark.parametrize("annotated_in_film", [False, True])
def test_joints_numbered_by_the_frames_of_the_film(root, annotated_in_film):
    video = [(clip.start_s, clip.end_s, clip.box_hint) for clip in find_clips("bold", root)]
    file, begin = root / "joints/003/abc.mp4/0001.npy", 1500
    rows = np.load(file)
    rows[:, 0] += begin
    np.save(file, rows)
    if annotated_in_film:
        (root / "annotations/train.csv").write_text(
            f"{VIDEO},0,{begin + 10},{begin + 19},{REST}\n{VIDEO},1,{begin},{begin + 29},{REST}\n"
        )
    assert [(clip.start_s, clip.end_s, clip.box_hint) for clip in find_clips("bold", root)] == video


def test_people_are_readable(root):
    assert sum(map(len, read_chunks(find_clips("bold", root)[0].path))) == 30


def test_archive_of_joints_not_unpacked(root):
    (root / "joints").rename(root / "elsewhere")
    (root / "joints.zip").touch()
    with refused(DataError, root, "joints/"):
        find_clips("bold", root)


def test_unsure_joints_give_no_hint(root):
    np.save(
        root / "joints/003/abc.mp4/0001.npy",
        np.stack([frontal(f, 0, 100, 80, score=0.01) for f in range(30)]),
    )
    assert find_clips("bold", root)[0].box_hint is None


def test_broken_video_stays_in_the_list(root):
    (root / "videos" / VIDEO).write_bytes(b"broken")
    clips = find_clips("bold", root)
    assert len(clips) == 3 and clips[0].start_s is None and clips[0].end_s is None


def test_wrong_level(root):
    with sent_to(root, "videos/, annotations/"):
        find_clips("bold", root.parent)
    with sent_to(root, root / "videos"):
        find_clips("bold", root / "videos")


def test_missing_parts(root):
    (root / "annotations/val.csv").unlink()
    assert len(find_clips("bold", root)) == 2
    (root / "annotations/train.csv").rename(root / "annotations/other.csv")
    with refused(DataError, root / "annotations", "train.csv", "val.csv"):
        find_clips("bold", root)
    (root / "joints").rename(root / "limbs")
    with refused(DataError, root, "joints/"):
        find_clips("bold", root)


@pytest.mark.parametrize(
    ("line", "facts"),
    [
        ("video,person,start,end,x\n", ["line 1", "'video,person,start,end'", "video,person,first frame"]),
        ("003/abc.mp4/0001.mp4,0\n", ["line 1", "'003/abc.mp4/0001.mp4,0'", "video,person,first frame"]),
        ("003/no.mp4/0009.mp4,0,1,2,x\n", ["1 of the 1 clips", "videos/003/no.mp4/0009.mp4"]),
    ],
)
def test_wrong_rows(root, line, facts):
    (root / "annotations/train.csv").write_text(line)
    with refused(DataError, root / "annotations/train.csv", *facts):
        find_clips("bold", root)


def test_wrong_joints(root):
    file = root / "joints/003/abc.mp4/0001.npy"
    np.save(file, np.zeros((4, 3)))
    with refused(DataError, file, "(4, 3)", "56 columns"):
        find_clips("bold", root)
    file.unlink()
    with refused(DataError, file, "No such file"):
        find_clips("bold", root)
