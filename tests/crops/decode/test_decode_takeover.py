"""Where other frames come than the packets announce, the careful reader goes on at the right place."""

import numpy as np
import pytest
from numbered_video import N, numbers, read, write

from vidfer.crops.decode import readers as decode_readers
from vidfer.crops.decode.av_reader import AvReader
from vidfer.crops.decode.careful_reader import CarefulReader
from vidfer.crops.decode.decord_reader import DecordReader
from vidfer.crops.decode.packet_table import UnexpectedFrames
from vidfer.crops.decode.readers import open_readers
from vidfer.crops.decode.video import read_chunks


@pytest.fixture(scope="module")
def overlapping(tmp_path_factory):
    """Two recordings one behind the other; the times of the second start in the middle of the first."""
    folder = tmp_path_factory.mktemp("overlapping")
    parts = [
        write(
            folder / f"{start_ms}.ts",
            "libx264",
            {"g": "12", "bf": "0"},
            ticks_ms=start_ms + 40 * np.arange(N),
        )
        for start_ms in (0, 2020)
    ]
    path = folder / "both.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def test_in_the_middle(overlapping):
    first, second = open_readers(overlapping)
    assert type(first) is AvReader and type(second) is CarefulReader
    first.read(np.arange(40))
    with pytest.raises(UnexpectedFrames):
        first.read(np.arange(40, 80))
    chunks = list(read_chunks(overlapping, chunk_frames=16))
    got = numbers(np.concatenate([chunk.images for chunk in chunks]))
    assert got == [*range(N), *range(N)]
    times_s = np.concatenate([chunk.times_s for chunk in chunks])
    np.testing.assert_allclose(times_s, np.arange(2 * N) / 25, atol=2e-3)


def test_times_that_turn_out_wrong(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wrong_times")
    parts = [
        write(folder / f"{start_ms}.ts", "libx264", {"g": "12", "bf": "0"}, ticks_ms=ticks_ms)
        for start_ms, ticks_ms in ((0, 70 * np.arange(N)), (1, 3510 + 40 * np.arange(N)))
    ]
    path = folder / "both.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    chunks = list(read_chunks(path, chunk_frames=16))
    assert numbers(np.concatenate([chunk.images for chunk in chunks])) == [*range(N), *range(N)]
    times_s = np.concatenate([chunk.times_s for chunk in chunks])
    np.testing.assert_allclose(times_s[:48], 0.07 * np.arange(48), atol=1e-3)  # given before it was known
    assert (np.diff(times_s) > 0.01).all()


@pytest.mark.parametrize("chunk_frames", [2, 32])
def test_as_many_frames_as_asked_for(overlapping, chunk_frames):
    chunks = list(read_chunks(overlapping, max_frames=8, chunk_frames=chunk_frames))
    times_s = np.concatenate([chunk.times_s for chunk in chunks])
    assert len(times_s) == 8 and (np.diff(times_s) > 0.5).all()


def test_packets_in_the_wrong_order(tmp_path):
    # AVI stores no time of a frame, only the order of decoding; B-frames are shown in another one.
    path = write(tmp_path / "b_frames.avi", "libx264", {"g": "30", "bf": "3"})
    assert [type(reader) for reader in open_readers(path)] == [DecordReader, AvReader, CarefulReader]
    for reader in ("auto", "pyav"):
        got, times_s = read(path, chunk_frames=16, reader=reader)
        assert got == list(range(N)), reader
        np.testing.assert_allclose(times_s, np.arange(N) / 25, atol=2e-3)
    assert read(path, start_s=1.4, end_s=2.0)[0] == list(range(35, 50))
    assert read(path, max_frames=4)[0] == [0, 33, 66, 99]


def test_a_recording_that_starts_between_key_frames(tmp_path):
    whole = write(tmp_path / "whole.ts", "libx264", {"g": "12", "bf": "2", "sc_threshold": "0"}).read_bytes()
    path = tmp_path / "late.ts"
    path.write_bytes(whole[188 * 40 :])
    got, times_s = read(path)
    assert got == list(range(got[0], N)) and 12 <= got[0] <= 36
    np.testing.assert_allclose(times_s, np.arange(N - got[0]) / 25, atol=2e-3)


def test_only_wanted_frames_are_converted(tmp_path, monkeypatch):
    path = write(tmp_path / "a.mp4", "libx264")
    (reader,) = (reader for reader in open_readers(path) if type(reader) is AvReader)
    converted = []
    write_frame = reader._writer.write
    monkeypatch.setattr(
        reader._writer, "write", lambda frame, image: (converted.append(frame.pts), write_frame(frame, image))
    )
    images = reader.read(np.array([3, 50, 99]))
    assert len(converted) == 3 and numbers(images) == [3, 50, 99]


def test_sound_that_appears_on_the_way(tmp_path, monkeypatch):
    # PyAV then ends with an IndexError, if the memory behind its list of streams happens to be set.
    class SoundAppears:
        def __init__(self, container):
            self.container = container

        def demux(self, stream):
            yield from self.container.demux(stream)
            raise IndexError

        def __getattr__(self, name):
            return getattr(self.container, name)

    opened = decode_readers.open_container
    monkeypatch.setattr(decode_readers, "open_container", lambda path: SoundAppears(opened(path)))
    assert read(write(tmp_path / "a.flv", "flv"))[0] == list(range(N))
