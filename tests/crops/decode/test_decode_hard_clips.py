"""Every file of the collection that breaks pipelines, against what is known of it."""

import csv
from itertools import islice

import av
import numpy as np
import pytest

from vidfer.crops.decode.av_reader import AvReader
from vidfer.crops.decode.decord_reader import DecordReader
from vidfer.crops.decode.fault import UnreadableVideo
from vidfer.crops.decode.open import open_readers
from vidfer.crops.decode.video import probe, read_chunks

BETTER = {
    "av1.mp4": 75,
    "jpeg_named.mp4": 1,  # an image under a video's name
    "editlist_cut.mp4": 42,  # decord gives 75: these 42, and the last of them 33 times more
    "pyfeat_no_face.mp4": 95,  # the same with 3
}
"""Files that are read better than by decord alone, with their true number of frames."""

PARTLY = {"bitflips.mp4": 16, "truncated_50pct.avi": 37, "truncated_60pct_faststart.mp4": 31}
"""Files that are given up to their damage, with the frames before it."""


@pytest.mark.parametrize("reader", ["pyav", "decord"])
def test_every_hard_clip(shared, reader):
    folder = shared / "data/hard_clips"
    rows = list(csv.DictReader((folder / "expected.csv").open(encoding="utf-8")))
    assert len(rows) == 64
    for row in rows:
        name = row["file"]
        count, fault = 0, None
        try:
            for chunk in read_chunks(folder / name, reader=reader):
                count += len(chunk)
        except UnreadableVideo as error:
            fault = error
        if name in PARTLY:
            assert (count, fault.frames_read) == (PARTLY[name],) * 2, name
        elif name in BETTER or row["decord_opens"] == "yes":
            assert fault is None and count == BETTER.get(name, int(row["frames"] or 0)), name
        else:
            assert count == 0 and fault.reason, name


def test_both_libraries_give_the_same_frames(shared):
    compared = 0
    clips = shared / "data/clips"
    for path in [
        *(shared / "data/hard_clips").iterdir(),
        *clips.glob("labelled/*/*.*"),
        *clips.glob("*/*_e*"),
    ]:
        try:
            decord, pyav = islice(open_readers(path, reader="decord"), 2)
        except (UnreadableVideo, ValueError):
            continue  # only one of them, or none, reads this file
        if type(decord) is not DecordReader or type(pyav) is not AvReader or path.name in PARTLY:
            continue
        compared += 1
        np.testing.assert_allclose(decord.times_s, pyav.times_s, atol=1e-5, err_msg=path.name)
        where = np.unique(np.linspace(0, min(len(pyav.times_s), 40) - 1, 4).astype(int))
        difference = np.abs(decord.read(where).astype(int) - pyav.read(where))
        # decord's FFmpeg is older: it converts 10 bits to 8 otherwise, and decodes VP6 with another rounding.
        other = path.name == "h264_10bit.mp4" or path.name.startswith("cremad")
        assert difference.mean() < 0.5 if other else difference.max() == 0, path.name
    assert compared > 50


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
    assert type(next(open_readers(shared / "data/hard_clips/base_h264.mp4", reader="decord"))) is DecordReader
    for name in ("mpeg2.ts", "editlist_cut.mp4", "big_1920x1536.mp4"):
        assert type(next(open_readers(shared / "data/hard_clips" / name, reader="decord"))) is AvReader, name
