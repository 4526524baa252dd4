"""Parts of long videos: a jump to the middle gives the same frames at the same times as the way there."""

import numpy as np
import pytest
from numbered_video import N, numbers, read, write

from vidfer.crops.decode import av_reader as decode_av
from vidfer.crops.decode import packet_table
from vidfer.crops.decode import readers as decode_readers
from vidfer.crops.decode.av_reader import AvReader
from vidfer.crops.decode.readers import open_readers
from vidfer.crops.decode.video import read_chunks

CODECS = {
    "h264.mp4": ("libx264", {"g": "20", "bf": "3"}),
    "open_gop.mp4": ("libx264", {"g": "20", "bf": "3", "x264-params": "open-gop=1"}),
    "open_gop.mkv": ("libx264", {"g": "20", "bf": "3", "x264-params": "open-gop=1"}),
    "intra_refresh.mp4": ("libx264", {"g": "20", "bf": "0", "x264-params": "intra-refresh=1"}),
    "one_key.mp4": ("libx264", {"g": "300", "sc_threshold": "0"}),
    "hevc.mp4": ("libx265", {"x265-params": "keyint=20:open-gop=1:log-level=none"}),
    "hevc.mkv": ("libx265", {"x265-params": "keyint=20:open-gop=0:log-level=none"}),
    "mpeg4.mp4": ("mpeg4", {"g": "20", "bf": "2"}),
    "mpeg2.mkv": ("mpeg2video", {"g": "12", "bf": "2"}),
    "vp9.webm": ("libvpx-vp9", {"g": "20", "deadline": "realtime", "cpu-used": "8"}),
    "av1.mp4": ("libsvtav1", {"g": "20", "preset": "12", "svtav1-params": "lp=1"}),
    "h264.avi": ("libx264", {"g": "20", "bf": "0"}),
    "h264.ts": ("libx264", {"g": "20", "bf": "3"}),
    "mpeg2.ts": ("mpeg2video", {"g": "12", "bf": "2"}),
    "mpeg1.mpg": ("mpeg1video", {"g": "12", "bf": "2"}),
    "flash.flv": ("flv", {"g": "20"}),
    "wmv2.wmv": ("wmv2", {"g": "20"}),
}
FROM_THE_START = {"h264.avi", "h264.ts", "mpeg2.ts", "mpeg1.mpg", "flash.flv", "wmv2.wmv"}


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    return {name: write(folder / name, codec, options) for name, (codec, options) in CODECS.items()}


@pytest.fixture
def jump_at_once(monkeypatch):
    monkeypatch.setattr(decode_readers, "SEEK_S", 0.0)
    monkeypatch.setattr(decode_av, "SEEK_MARGIN_S", 0.1)


@pytest.mark.parametrize("name", CODECS)
def test_a_jump_gives_the_frames_of_the_whole_video(videos, name, jump_at_once):
    whole = np.concatenate([chunk.images for chunk in read_chunks(videos[name])])
    assert numbers(whole) == list(range(N))
    for first in range(25, N, 6):
        last = min(first + 9, N)
        (part,) = read_chunks(videos[name], start_s=first / 25, end_s=last / 25)
        np.testing.assert_array_equal(part.images, whole[first:last])
        np.testing.assert_allclose(part.times_s, np.arange(first, last) / 25, atol=2e-3)
    reader = next(open_readers(videos[name], start_s=3.0))
    assert (reader.times_s[0] > 1.5) == (name not in FROM_THE_START | {"one_key.mp4"}), reader.times_s[0]


def test_thinning_in_a_part(videos, jump_at_once):
    assert read(videos["open_gop.mkv"], start_s=2.4, max_frames=4)[0] == [60, 73, 86, 99]
    assert read(videos["open_gop.mkv"], start_s=2.4, fps=5)[0] == list(range(60, N, 5))


def test_an_early_part_is_not_jumped_to(videos):
    assert next(open_readers(videos["h264.mp4"], start_s=3.0)).times_s[0] == 0


def test_only_the_part_is_looked_at(videos):
    reader = next(open_readers(videos["h264.mp4"], end_s=1.0))
    assert 25 <= len(reader.times_s) <= 26


@pytest.mark.parametrize("name", ["h264.mp4", "mpeg2.ts"])
def test_packets_that_are_too_large_to_keep(videos, name, monkeypatch, jump_at_once):
    monkeypatch.setattr(packet_table, "KEPT_BYTES", 100)
    assert read(videos[name])[0] == list(range(N))
    assert read(videos[name], start_s=2.4, end_s=3.0)[0] == list(range(60, 75))


def test_a_jump_to_the_wrong_place_is_noticed(videos, monkeypatch, jump_at_once):
    class Late:
        """A container that lands behind the place it was sent to."""

        def __init__(self, container):
            self.container = container

        def seek(self, offset, stream):
            self.container.seek(offset + round(1 / stream.time_base), stream=stream)

        def __getattr__(self, name):
            return getattr(self.container, name)

    opened = decode_readers.open_container
    monkeypatch.setattr(decode_readers, "open_container", lambda path: Late(opened(path)))
    with pytest.raises(packet_table.UnexpectedFrames):
        AvReader(videos["h264.mp4"], Late(opened(videos["h264.mp4"])), start_s=2.0)
    assert read(videos["h264.mp4"], start_s=2.0, end_s=2.4)[0] == list(range(50, 60))
