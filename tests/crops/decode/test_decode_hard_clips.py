"""Every file of the collection that breaks pipelines, against what is known of it."""

import csv
from itertools import islice

import av
import numpy as np
import pytest

from vidfer.crops.decode.av_reader import AvReader
from vidfer.crops.decode.decord_reader import DecordReader
from vidfer.crops.decode.readers import open_readers
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.decode.video import read_chunks

FRAMES = {
    "av1.mp4": 75,
    "jpeg_named.mp4": 1,  # an image under a video's name
    "editlist_cut.mp4": 42,  # decord gives 75: these 42, and the last of them 33 times more
    "pyfeat_no_face.mp4": 95,  # the same with 3
}
"""The true number of frames of files that decord alone reads wrongly or not at all."""

PARTLY = {"bitflips.mp4": 16, "truncated_50pct.avi": 37, "truncated_60pct_faststart.mp4": 31}
"""Files that are given up to their damage, with the frames before it."""

BY_PYAV = {*PARTLY, *FRAMES, "big_1920x1536.mp4", "h264_10bit.mp4", "mpeg2.ts"} - {"jpeg_named.mp4"}
"""Videos that can be read, and for which decord cannot be proved right."""

ROUNDED = {"h264_10bit.mp4"}
"""Of those, the ones in which only the rounding of decord's pixels differs."""


def outcome(path, reader):
    """Number of frames, the libraries that read them, and the fault or None."""
    count, libraries = 0, set()
    try:
        for chunk in read_chunks(path, reader=reader):
            count += len(chunk)
            libraries.add(chunk.library)
    except UnreadableVideo as error:
        return count, libraries, error
    return count, libraries, None


def rows_of(folder):
    rows = list(csv.DictReader((folder / "expected.csv").open(encoding="utf-8")))
    assert len(rows) == 64
    return rows


@pytest.mark.parametrize("reader", ["pyav", "auto"])
def test_every_hard_clip(shared, reader):
    folder = shared / "data/hard_clips"
    for row in rows_of(folder):
        name = row["file"]
        count, libraries, fault = outcome(folder / name, reader)
        if name in PARTLY:
            assert (count, fault.frames_read) == (PARTLY[name],) * 2, name
        elif name in FRAMES or row["decord_opens"] == "yes":
            assert fault is None and count == FRAMES.get(name, int(row["frames"] or 0)), name
        else:
            assert count == 0 and fault.reason, name
            continue
        by_decord = reader == "auto" and name not in BY_PYAV
        expected = "opencv" if name == "jpeg_named.mp4" else "decord" if by_decord else "pyav"
        assert libraries == {expected}, name


def test_decord_alone_gives_right_frames_or_none(shared):
    folder = shared / "data/hard_clips"
    for row in rows_of(folder):
        name = row["file"]
        count, _, fault = outcome(folder / name, "decord")
        if name in BY_PYAV - ROUNDED or (name not in FRAMES and row["decord_opens"] != "yes"):
            assert count == 0 and fault.reason, name
        else:
            assert fault is None and count == FRAMES.get(name, int(row["frames"] or 0)), name


def test_both_libraries_give_the_same_frames(shared):
    compared = 0
    clips = shared / "data/clips"
    for path in [
        *(shared / "data/hard_clips").iterdir(),
        *clips.glob("labelled/*/*.*"),
        *clips.glob("*/*_e*"),
    ]:
        try:
            decord, pyav = islice(open_readers(path), 2)
        except (UnreadableVideo, ValueError):
            continue  # only one of them, or none, reads this file
        if type(decord) is not DecordReader or path.name in PARTLY:
            continue
        compared += 1
        np.testing.assert_allclose(decord.times_s, pyav.times_s, atol=1e-5, err_msg=path.name)
        where = np.arange(min(len(pyav.times_s), 40))
        np.testing.assert_array_equal(decord.read(where), pyav.read(where), err_msg=path.name)
        decord.check_end()
    assert compared > 50


def test_forced_decord_may_round_differently(shared):
    folder = shared / "data"
    (vp6,) = folder.glob("clips/labelled/sad/cremad*")
    for path in (folder / "hard_clips/h264_10bit.mp4", vp6):
        (decord,) = open_readers(path, reader="decord")
        (pyav, _) = open_readers(path)
        assert (type(decord), type(pyav)) == (DecordReader, AvReader), path.name
        where = np.arange(20)
        difference = np.abs(decord.read(where).astype(int) - pyav.read(where))
        assert 0 < difference.mean() < 0.5, path.name


@pytest.mark.parametrize(("name", "fps"), [("fps1", 1), ("fps60", 60), ("ntsc_2997", 29.97), ("vfr", 13.81)])
def test_mean_frame_rates(shared, name, fps):
    for reader in open_readers(shared / f"data/hard_clips/{name}.mp4"):
        assert reader.fps == pytest.approx(fps, abs=0.01)


@pytest.mark.parametrize("name", ["unlabelled/grid_s1_bbaf2n.mpg", "labelled/happy/spacyF_happy.mp4"])
def test_real_clips_give_what_ffmpeg_gives(shared, name):
    path = shared / "data/clips" / name
    images = (image for chunk in read_chunks(path) for image in chunk.images)
    with av.open(str(path)) as container:
        expected = (frame.to_ndarray(format="rgb24") for frame in container.decode(video=0))
        assert all(np.array_equal(a, b) for a, b in zip(images, expected, strict=True))
