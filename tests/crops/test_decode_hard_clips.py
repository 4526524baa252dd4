"""Every file of the collection that breaks pipelines, against what is known of it."""

import csv

import av
import numpy as np
import pytest

from vidfer.crops.decode import probe, read_chunks
from vidfer.crops.decode_av import AvReader
from vidfer.crops.decode_decord import DecordReader
from vidfer.crops.decode_fault import UnreadableVideo
from vidfer.crops.decode_open import FastReader, open_reader

BETTER = {
    "av1.mp4": 75,
    "jpeg_named.mp4": 1,  # an image under a video's name
    "editlist_cut.mp4": 42,  # decord gives 75: these 42, and the last of them 33 times more
    "pyfeat_no_face.mp4": 95,  # the same with 3
}
"""Files that are read better than by decord alone, with their true number of frames."""

PARTLY = {"bitflips.mp4": 16, "truncated_60pct_faststart.mp4": 31}
"""Files that are given up to their damage, with the frames before it."""


def test_every_hard_clip(shared):
    folder = shared / "data/hard_clips"
    rows = list(csv.DictReader((folder / "expected.csv").open(encoding="utf-8")))
    assert len(rows) == 64
    for row in rows:
        name = row["file"]
        count, fault = 0, None
        try:
            for chunk in read_chunks(folder / name):
                count += len(chunk)
        except UnreadableVideo as error:
            fault = error
        if name in PARTLY:
            assert (count, fault.frames_read) == (PARTLY[name],) * 2, name
        elif name in BETTER or row["decord_opens"] == "yes":
            assert fault is None and count == BETTER.get(name, int(row["frames"] or 0)), name
        else:
            assert count == 0 and fault.reason, name


def test_rotation_is_the_same_in_both_readers(shared):
    for name in ("rot90_meta.mp4", "rot180_meta.mp4", "rot270_meta.mp4"):
        path = shared / "data/hard_clips" / name
        where = np.array([0, 20])
        fast, careful = DecordReader(path, frame_bytes=0), AvReader(path)
        assert (fast.width, fast.height) == (careful.width, careful.height)
        difference = np.abs(fast.read(where).astype(int) - careful.read(where))
        assert difference.mean() < 3, name  # they convert colours before and after turning


@pytest.mark.parametrize(("name", "fps"), [("fps1", 1), ("fps60", 60), ("ntsc_2997", 29.97), ("vfr", 13.81)])
def test_mean_frame_rates(shared, name, fps):
    assert probe(shared / f"data/hard_clips/{name}.mp4").fps == pytest.approx(fps, abs=0.01)


@pytest.mark.parametrize("name", ["unlabelled/grid_s1_bbaf2n.mpg", "labelled/happy/spacyF_happy.mp4"])
def test_real_clips_give_what_ffmpeg_gives(shared, name):
    path = shared / "data/clips" / name
    images = (image for chunk in read_chunks(path) for image in chunk.images)
    with av.open(str(path)) as container:
        expected = (frame.to_ndarray(format="rgb24") for frame in container.decode(video=0))
        assert all(np.array_equal(a, b) for a, b in zip(images, expected, strict=True))


def test_decord_is_used_where_it_can_be(shared):
    assert isinstance(open_reader(shared / "data/hard_clips/base_h264.mp4"), FastReader)
    for name in ("mpeg2.ts", "editlist_cut.mp4", "big_1920x1536.mp4"):
        assert isinstance(open_reader(shared / "data/hard_clips" / name), AvReader), name
