"""The right frames at the right times, from videos of numbered frames."""

import os
import pickle
import re
from fractions import Fraction

import av
import numpy as np
import pytest
from closed import closed
from numbered_video import HEIGHT, WIDTH, N, bar_code, numbers, read, write
from refused import refused

from vidfer.crops.decode.av_reader import AvReader
from vidfer.crops.decode.careful_reader import CarefulReader
from vidfer.crops.decode.decord_reader import DecordReader
from vidfer.crops.decode.readers import open_readers
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.decode.video import choose_frames, read_chunks
from vidfer.errors import DataError, SettingError

CODECS = {
    "h264.mp4": ("libx264", {"g": "30", "bf": "3"}),
    "open_gop.mkv": ("libx264", {"g": "30", "bf": "3", "x264-params": "open-gop=1"}),
    "h264.avi": ("libx264", {"g": "12", "bf": "0"}),
    "hevc.mp4": ("libx265", {"x265-params": "keyint=30:open-gop=1:log-level=none"}),
    "mpeg4.avi": ("mpeg4", {"g": "30", "bf": "2"}),
    "vp9.webm": ("libvpx-vp9", {"g": "30", "deadline": "realtime", "cpu-used": "8"}),
    "flash.flv": ("flv", {"g": "30"}),
    "wmv2.wmv": ("wmv2", {"g": "30"}),
    "av1.mp4": ("libsvtav1", {"preset": "12", "svtav1-params": "lp=1"}),
    "mpeg1.mpg": ("mpeg1video", {"g": "12", "bf": "2"}),
    "mpeg2.ts": ("mpeg2video", {"g": "12", "bf": "2"}),
    "h264.ts": ("libx264", {"g": "12", "bf": "2"}),
    "mpeg2.vob": ("mpeg2video", {"g": "12", "bf": "2"}),
    "alternate.webm": ("libvpx", {"auto-alt-ref": "1", "lag-in-frames": "16", "cpu-used": "8"}),
    "mjpeg.avi": ("mjpeg", {"strict": "unofficial"}),
    "raw.h264": ("libx264", {"g": "12", "bf": "2"}),
}

BY_PYAV = {"av1.mp4", "mpeg1.mpg", "mpeg2.ts", "h264.ts", "mpeg2.vob"}
"""Videos for which decord is not asked."""

BY_CARE = {"raw.h264"}
"""Videos whose packets do not say when a frame is shown."""


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """One video of 100 numbered frames per codec."""
    folder = tmp_path_factory.mktemp("numbered")
    return {name: write(folder / name, codec, options) for name, (codec, options) in CODECS.items()}


@pytest.fixture(scope="module")
def h264(videos):
    return videos["h264.mp4"]


@pytest.mark.parametrize("name", CODECS)
def test_every_frame_comes_once_in_order(videos, name):
    got, times_s = read(videos[name])
    assert got == list(range(N))
    np.testing.assert_allclose(times_s, np.arange(N) / 25, atol=2e-3)


@pytest.mark.parametrize("name", CODECS)
def test_frames_in_the_middle_are_the_right_ones(videos, name):
    got, times_s = read(videos[name], start_s=1.4, end_s=2.0)
    assert got == list(range(35, 50))
    assert times_s[0] == pytest.approx(1.4, abs=2e-3)
    assert read(videos[name], max_frames=4)[0] == [0, 33, 66, 99]
    assert read(videos[name], start_s=2.8, fps=5)[0] == list(range(70, 100, 5))


@pytest.mark.parametrize(
    ("container", "codec"),
    [("mp4", "libx264"), ("mp4", "libx265"), ("mkv", "libx264"), ("flv", "libx264"), ("ts", "libx264")],
)
def test_variable_frame_rate(tmp_path, container, codec):
    gaps_ms = np.random.default_rng(0).integers(10, 120, N)
    gaps_ms[50] = 2000
    ticks_ms = np.concatenate([[0], np.cumsum(gaps_ms)[:-1]])
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    path = write(tmp_path / f"vfr.{container}", codec, options, ticks_ms=ticks_ms)
    got, times_s = read(path)
    assert got == list(range(N))
    np.testing.assert_allclose(times_s, ticks_ms / 1000, atol=1e-3)
    start = 30
    assert read(path, start_s=ticks_ms[start] / 1000)[0] == list(range(start, N))
    # At 10 frames a second the picture on the screen at each tick, and none twice across the gap of 2 s.
    shown = np.unique(np.searchsorted(ticks_ms, np.arange(0, ticks_ms[-1] + 1, 100), side="right") - 1)
    assert read(path, fps=10)[0] == shown.tolist()


def test_times_count_from_the_first_frame(tmp_path):
    path = write(tmp_path / "late.mp4", "libx264", ticks_ms=5000 + 40 * np.arange(N))
    assert read(path)[1][:2] == pytest.approx([0, 0.04], abs=1e-3)


def test_frames_hidden_by_an_edit_list_stay_hidden(tmp_path, h264):
    path = tmp_path / "cut.mp4"
    with (
        av.open(str(h264)) as source,
        av.open(str(path), "w", options={"avoid_negative_ts": "disabled"}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        shift = round(20 / 25 / source.streams.video[0].time_base)
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, stream
                target.mux(packet)
    assert read(path)[0] == list(range(20, N))


def test_a_cover_picture_is_not_the_video(tmp_path):
    path = tmp_path / "cover.mkv"
    with av.open(str(path), "w") as container:
        cover, video = container.add_stream("mjpeg", rate=25), container.add_stream("libx264", rate=25)
        cover.width, cover.height, cover.pix_fmt = 200, 200, "yuvj420p"
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        container.mux(cover.encode(av.VideoFrame.from_ndarray(np.zeros((200, 200, 3), np.uint8))))
        for i in range(N):
            container.mux(video.encode(av.VideoFrame.from_ndarray(bar_code(i))))
        container.mux([*cover.encode(), *video.encode()])
    assert read(path)[0] == list(range(N))


def test_what_a_reader_says_of_a_video(h264):
    for reader in open_readers(h264):
        assert (len(reader.times_s), reader.fps, reader.width, reader.height) == (N, 25.0, WIDTH, HEIGHT)
        assert reader.times_s[-1] == pytest.approx(3.96, abs=1e-3) and reader.fault is None


def test_chunks_are_bounded_and_typed(h264, monkeypatch):
    chunks = list(read_chunks(h264, chunk_frames=33))
    assert [len(chunk) for chunk in chunks] == [33, 33, 33, 1]
    assert chunks[0].images.dtype == np.uint8 and chunks[0].images.shape == (33, HEIGHT, WIDTH, 3)
    assert chunks[0].times_s.dtype == np.float64
    monkeypatch.setattr("vidfer.crops.decode.video.CHUNK_BYTES", 5 * HEIGHT * WIDTH * 3)
    assert [len(chunk) for chunk in read_chunks(h264)] == [5] * 20


def test_colours_are_rgb(tmp_path):
    path = tmp_path / "red.mp4"
    image = np.zeros((64, 64, 3), np.uint8)
    image[..., 0] = 200
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    red, green, blue = next(read_chunks(path)).images.mean(axis=(0, 1, 2))
    assert red > 180 and green < 20 and blue < 20


def test_animated_gif_is_read(tmp_path):
    assert read(write(tmp_path / "a.gif", "gif", pix_fmt="rgb8", n=5))[0] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("name", CODECS)
def test_all_readers_give_the_same_bytes(videos, name):
    where = np.arange(20, 60, 3)
    kinds, images = [], []
    for reader in open_readers(videos[name]):
        kinds.append(type(reader))
        images.append(reader.read(where))
        np.testing.assert_allclose(reader.times_s, np.arange(N) / 25, atol=2e-3)
        np.testing.assert_array_equal(images[-1], images[0])
    by_pyav = [CarefulReader] if name in BY_CARE else [AvReader, CarefulReader]
    assert kinds == (by_pyav if name in BY_PYAV | BY_CARE else [DecordReader, *by_pyav])


def test_damage_gives_the_frames_before_it_and_a_reason(tmp_path, h264):
    content = bytearray(h264.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 600] = np.random.default_rng(0).bytes(600)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(content)
    outcomes = []
    for _ in range(2):
        got = []
        with pytest.raises(UnreadableVideo) as caught:
            for chunk in read_chunks(path, chunk_frames=8):
                got += numbers(chunk.images)
        outcomes.append((got, caught.value.reason))
        assert 0 < len(got) < N and got == list(range(len(got)))
        assert caught.value.frames_read == len(got)
        assert f"after frame {len(got) - 1}" in caught.value.reason
    assert outcomes[0] == outcomes[1]
    # A clip that ends before the damage is whole.
    assert read(path, end_s=0.4)[0] == list(range(10))


@pytest.mark.parametrize("reader", ["auto", "pyav"])
def test_an_avi_whose_header_counts_skipped_frames_is_whole(tmp_path, reader):
    path = tmp_path / "skipped.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        for i in range(20):
            frame = av.VideoFrame.from_ndarray(bar_code(i), format="rgb24")
            frame.pts, frame.time_base = 2 * i, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with av.open(str(path)) as container:
        assert container.streams.video[0].frames == 39
    chunks = list(read_chunks(path, reader=reader))
    assert numbers(np.concatenate([chunk.images for chunk in chunks])) == list(range(20))
    np.testing.assert_allclose(np.concatenate([chunk.times_s for chunk in chunks]), 0.08 * np.arange(20))


def test_an_avi_that_is_cut_off_gives_what_it_holds_and_says_so(tmp_path):
    whole = write(tmp_path / "whole.avi", "mpeg4", {"g": "10"})
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    got: list[int] = []
    with pytest.raises(UnreadableVideo) as caught:
        for chunk in read_chunks(cut):
            got += numbers(chunk.images)
    assert 10 < len(got) < 90 and got == list(range(len(got))) and caught.value.frames_read == len(got)
    assert {"100", str(len(got))} <= set(re.findall(r"\d+", caught.value.reason))
    assert read(whole)[0] == list(range(N))


def test_truncated_download(tmp_path, h264):
    whole = write(tmp_path / "whole.mp4", "libx264", {"g": "30"}, movflags="faststart").read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    got = []
    with pytest.raises(UnreadableVideo) as caught:
        for chunk in read_chunks(path):
            got += numbers(chunk.images)
    assert got == list(range(len(got))) and 20 < len(got) < N
    assert caught.value.frames_read == len(got) and f"frame {len(got) - 1} " in caught.value.reason
    path.write_bytes(h264.read_bytes()[:3000])  # its index stood at the end
    with pytest.raises(UnreadableVideo) as caught:
        next(read_chunks(path))
    assert caught.value.frames_read == 0


def test_reasons(tmp_path):
    def reason(name, content=None):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(UnreadableVideo) as caught:
            next(read_chunks(path))
        assert str(caught.value) == f"{path}: {caught.value.reason}"
        return caught.value.reason

    assert reason("none.mp4") == "no such file"
    (tmp_path / "ring.mp4").symlink_to("ring.mp4")
    assert reason("ring.mp4") == "a link that leads to no file"
    os.mkfifo(tmp_path / "pipe.mp4")
    assert reason("pipe.mp4") == "a pipe or a device, not a file"
    assert reason("x" * 300) == "it cannot be opened (File name too long)"
    assert reason("empty.mp4", b"") == "the file is empty (0 bytes)"
    assert "not a video, or its header is lost" in reason("text.mp4", b"hello world\n")
    assert "not a video, or its header is lost" in reason(
        "list.m3u8", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n"
    )
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert reason("sound.mp4") == "no video stream in the file, only sound"


def test_reasons_of_what_is_closed(tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir()
    (folder / "a.mp4").write_bytes(b"x")
    for mode, path, why in (
        (0o000, folder, "the folder cannot be read (Permission denied)"),
        (0o444, folder / "a.mp4", "it cannot be opened (Permission denied)"),
    ):
        with closed(folder, mode), pytest.raises(UnreadableVideo) as caught:
            next(read_chunks(path))
        assert caught.value.reason == why


def test_fault_travels_between_processes():
    fault = pickle.loads(pickle.dumps(UnreadableVideo("a.mp4", "why", 3)))
    assert (str(fault), fault.reason, fault.frames_read) == ("a.mp4: why", "why", 3)
    assert isinstance(fault, DataError)


def test_nothing_between_start_and_end(h264):
    with refused(UnreadableVideo, h264.name, "9 s", "10 s", "100", "3.960 s"):
        next(read_chunks(h264, start_s=9, end_s=10))


def test_choose_frames():
    times_s = np.array([0.0, 0.1, 0.2, 0.9, 1.0])
    assert choose_frames(times_s).tolist() == [0, 1, 2, 3, 4]
    assert choose_frames(times_s, start_s=0.1, end_s=0.9).tolist() == [1, 2]
    assert choose_frames(times_s, fps=10).tolist() == [0, 1, 2, 3, 4]
    assert choose_frames(times_s, fps=2).tolist() == [0, 2, 4]
    assert choose_frames(times_s, max_frames=2).tolist() == [0, 4]
    assert choose_frames(times_s, max_frames=9).tolist() == [0, 1, 2, 3, 4]
    assert choose_frames(times_s, start_s=3).tolist() == []
    for wrong in ({"fps": 0}, {"fps": -1}, {"max_frames": 0}):
        ((name, value),) = wrong.items()
        with refused(SettingError, f"{name}={value}"):
            choose_frames(times_s, **wrong)
