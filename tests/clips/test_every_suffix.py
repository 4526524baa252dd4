"""Every kind of file whose name ends as a video's or an image's is taken, and can be read."""

import av
import numpy as np
import pytest
from PIL import Image

from vidfer.clips import find_clips
from vidfer.clips.media import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from vidfer.crops.decode.video import read_chunks

N_FRAMES = 10

VIDEOS = {
    ".264": ("libx264", "h264"),
    ".3g2": ("mpeg4", "3g2"),
    ".3gpp": ("mpeg4", "3gp"),
    ".dat": ("mpeg1video", "vcd"),
    ".dv": ("dvvideo", "dv"),
    ".h264": ("libx264", "h264"),
    ".m1v": ("mpeg1video", "mpeg1video"),
    ".m2t": ("mpeg2video", "mpegts"),
    ".m2v": ("mpeg2video", "mpeg2video"),
    ".m4s": ("libx264", "mp4"),
    ".mjpeg": ("mjpeg", "mjpeg"),
    ".mk3d": ("libx264", "matroska"),
    ".mpe": ("mpeg1video", "mpeg"),
    ".mxf": ("mpeg2video", "mxf"),
    ".nut": ("mpeg4", "nut"),
    ".qt": ("libx264", "mov"),
    ".vob": ("mpeg2video", "vob"),
    ".y4m": ("rawvideo", "yuv4mpegpipe"),
}
"""Suffix -> codec and container."""

IMAGES = {".avif": "AVIF", ".jfif": "JPEG", ".jp2": "JPEG2000", ".tif": "TIFF", ".webp": "WEBP"}
"""Suffix -> format."""


@pytest.mark.parametrize("suffix", VIDEOS)
def test_videos(tmp_path, suffix):
    codec, container = VIDEOS[suffix]
    path = tmp_path / "happy" / f"a{suffix}"
    path.parent.mkdir()
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=25)
        stream.width, stream.height = (720, 576) if codec == "dvvideo" else (352, 288)
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for i in range(N_FRAMES):
            picture = np.full((stream.height, stream.width, 3), 20 * i, np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())
    (clip,) = find_clips("folder", tmp_path)
    means = [frame.mean() for chunk in read_chunks(clip.path) for frame in chunk.images]
    assert np.abs(np.subtract(means, 20 * np.arange(N_FRAMES))).max() < 6


@pytest.mark.parametrize("suffix", IMAGES)
def test_images(tmp_path, suffix):
    path = tmp_path / "happy" / f"a{suffix}"
    path.parent.mkdir()
    Image.fromarray(np.full((48, 64, 3), (200, 120, 40), np.uint8)).save(path, format=IMAGES[suffix])
    (clip,) = find_clips("folder", tmp_path)
    (chunk,) = read_chunks(clip.path)
    assert chunk.images.shape == (1, 48, 64, 3)
    assert np.abs(chunk.images.mean((0, 1, 2)) - (200, 120, 40)).max() < 4


def test_the_suffixes_that_are_tested_are_taken():
    assert {*VIDEOS} - {".dat"} <= VIDEO_SUFFIXES and {*IMAGES} <= IMAGE_SUFFIXES
