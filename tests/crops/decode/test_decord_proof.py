"""decord reads only where it is proved right: one test for each way in which it can be wrong."""

import subprocess
import sys
import threading

import av
import numpy as np
import pytest
from numbered_video import HEIGHT, WIDTH, N, bar_code, numbers, read, write
from refused import refused

from vidfer.crops.decode import decord_proof, decord_reader, packet_table, readers
from vidfer.crops.decode.av_reader import AvReader
from vidfer.crops.decode.decord_reader import DecordReader
from vidfer.crops.decode.readers import open_readers
from vidfer.crops.decode.unreadable_video import UnreadableVideo
from vidfer.crops.decode.video import read_chunks
from vidfer.errors import MissingPackageError


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return write(tmp_path_factory.mktemp("proof") / "a.mp4", "libx264", {"g": "30", "bf": "2"})


class Odd:
    """decord with a VideoReader that does one thing wrong."""

    def __init__(self, monkeypatch, **wrong):
        real = decord_reader.import_decord()

        class VideoReader(real.VideoReader):
            pass

        for name, method in wrong.items():
            setattr(VideoReader, name, method)
        self.VideoReader = VideoReader
        for module in (decord_reader, readers):
            monkeypatch.setattr(module, "import_decord", lambda: self)


def next_but(at, instead):
    """A ``next`` of decord that does something else at one frame."""

    def next_frame(self):
        from decord import VideoReader

        self.count = getattr(self, "count", -1) + 1
        return instead(self) if self.count == at else VideoReader.next(self)

    return next_frame


def fail(self):
    raise RuntimeError("decord is broken")


def times_late_from_50(self, where):
    from decord import VideoReader

    times_s = VideoReader.get_frame_timestamp(self, where)
    times_s[50:] += 0.04
    return times_s


def skip_one(self):
    from decord import VideoReader

    self.skip_frames(1)
    return VideoReader.next(self)


class Numbered:
    def __init__(self, number):
        self.image = bar_code(number)

    def asnumpy(self):
        return self.image


WRONG = {
    "cannot open": {"__len__": fail},
    "counts one frame less": {"__len__": lambda self: N - 1},
    "gives other times": {"get_frame_timestamp": times_late_from_50},
    "starts with another frame": {"next": next_but(0, lambda self: Numbered(12))},
    "starts with frames of another size": {"next": next_but(0, lambda self: Numbered(0)), "wrong_size": True},
    "fails on the way": {"next": next_but(60, fail)},
    "leaves out a frame": {"next": next_but(60, skip_one)},
    "ends too early": {"next": next_but(60, lambda self: next(iter(())))},
    "goes on behind the end": {"next": next_but(N, lambda self: Numbered(7))},
}


@pytest.mark.parametrize("case", WRONG)
def test_pyav_reads_where_decord_is_wrong(video, monkeypatch, case):
    wrong = dict(WRONG[case])
    if wrong.pop("wrong_size", False):
        wrong["next"] = next_but(0, lambda self: type("F", (), {"asnumpy": lambda _: bar_code(0)[:10]})())
    Odd(monkeypatch, **wrong)
    chunks = list(read_chunks(video))
    assert {chunk.library for chunk in chunks} == {"pyav"}
    assert numbers(np.concatenate([chunk.images for chunk in chunks])) == list(range(N))
    with refused(UnreadableVideo, video.name, "decord", "--reader auto"):
        next(read_chunks(video, reader="decord"))


def test_decord_that_hangs_is_given_up(video, monkeypatch):
    end = threading.Event()
    Odd(monkeypatch, next=next_but(60, lambda self: end.wait()))
    monkeypatch.setattr(decord_reader, "HANG_S", 0.5)
    chunks = list(read_chunks(video))
    assert {chunk.library for chunk in chunks} == {"pyav"} and sum(map(len, chunks)) == N
    with refused(UnreadableVideo, video.name, "0.5 s", "--reader auto"):
        next(read_chunks(video, reader="decord"))
    end.set()


def test_a_long_video_is_not_given_to_decord(video, monkeypatch):
    assert type(next(open_readers(video))) is DecordReader
    monkeypatch.setattr(decord_proof, "HELD_BYTES", N * bar_code(0).nbytes - 1)
    assert type(next(open_readers(video))) is AvReader
    with refused(UnreadableVideo, video.name, "MiB", "--reader auto"):
        next(read_chunks(video, reader="decord"))


def test_a_header_that_hides_the_length_does_not_matter(video, monkeypatch):
    monkeypatch.setattr(decord_proof, "HELD_BYTES", 10 * bar_code(0).nbytes)
    monkeypatch.setattr(decord_reader, "why_unsuited", lambda container, exact: None)
    monkeypatch.setattr(readers, "why_unsuited", lambda container, exact: None)
    assert type(next(open_readers(video))) is AvReader


def test_a_small_part_is_read_by_pyav(video):
    assert type(next(open_readers(video, end_s=1.9))) is AvReader
    assert type(next(open_readers(video, end_s=2.1))) is DecordReader
    assert read(video, end_s=2.1)[0] == read(video, end_s=2.1, reader="pyav")[0] == list(range(53))


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx264", {"g": "60", "bf": "5", "b-adapt": "0"}),
        ("libx264", {"g": "250", "bf": "1"}),
        ("libx264", {"g": "12", "bf": "0"}),
        ("mpeg4", {"g": "30", "bf": "2"}),
        ("mjpeg", {"strict": "unofficial"}),
    ],
)
@pytest.mark.parametrize("kept_bytes", [packet_table.KEPT_BYTES, 100])
def test_decord_reads_avi_at_the_times_that_pyav_gives(tmp_path, monkeypatch, codec, options, kept_bytes):
    monkeypatch.setattr(packet_table, "KEPT_BYTES", kept_bytes)
    path = write(tmp_path / "a.avi", codec, options)
    assert type(next(open_readers(path))) is DecordReader
    by_decord, by_pyav = read(path), read(path, reader="pyav")
    assert by_decord[0] == by_pyav[0] == list(range(N))
    assert by_decord[1].tolist() == by_pyav[1].tolist()  # to the last bit: they are part of the content hash


@pytest.mark.parametrize(("codec", "options"), [("libx264", {"bf": "0"}), ("mpeg4", {"g": "30"})])
def test_an_avi_with_a_gap_has_it_in_the_times(tmp_path, codec, options):
    shown = np.delete(np.arange(N + 10), np.arange(30, 40))
    path = tmp_path / "gap.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number, tick in enumerate(shown.tolist()):
            frame = av.VideoFrame.from_ndarray(bar_code(number), format="rgb24")
            frame.pts = tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    by_auto, by_pyav = read(path), read(path, reader="pyav")
    assert by_auto[0] == by_pyav[0] == list(range(N))
    assert by_auto[1].tolist() == by_pyav[1].tolist()
    np.testing.assert_allclose(by_auto[1][30:], shown[30:] / 25, atol=2e-3)


def test_without_decord_pyav_reads_and_forcing_decord_is_an_error(video, monkeypatch):
    for module in (decord_reader, readers):
        monkeypatch.setattr(module, "import_decord", lambda: None)
    assert type(next(open_readers(video))) is AvReader
    with refused(MissingPackageError, "--reader decord", "pip install decord", "--reader pyav"):
        next(open_readers(video, reader="decord"))


def test_decord_is_loaded_only_when_a_video_needs_it():
    code = "import sys, vidfer.crops.extract; print('decord' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
