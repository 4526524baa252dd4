"""What reading a video takes: memory, and open files."""

import gc
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from numbered_video import write

from vidfer.crops.decode.video import read_chunks


@pytest.fixture(scope="module")
def h264(tmp_path_factory):
    return write(tmp_path_factory.mktemp("numbered") / "h264.mp4", "libx264", options={"g": "30", "bf": "3"})


MEASURE = """
import sys
from pathlib import Path
from vidfer.crops.decode.video import read_chunks
for path in sys.argv[1:]:
    frames = sum(len(chunk) for chunk in read_chunks(path))
    status = Path("/proc/self/status").read_text()
    print(frames, next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""
"""Frames and peak memory in kB; that of getrusage would be the peak of the tests, if this is higher."""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory as Linux tells it")
@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("long.mp4", "mpeg4", {}),
        ("long.mpg", "mpeg1video", {}),
        ("careful.avi", "libx264", {"preset": "ultrafast", "bf": "2"}),
    ],
)
def test_memory_does_not_grow_with_length(tmp_path, name, codec, options):
    # 3,000 frames are 590 MB of pixels at 256x256.
    paths = []
    frame = av.VideoFrame.from_ndarray(np.zeros((256, 256, 3), np.uint8), format="rgb24")
    frame = frame.reformat(format="yuv420p")
    for n in (250, 3000):
        path = tmp_path / f"{n}_{name}"
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=25, options=options)
            stream.width = stream.height = 256
            for i in range(n):
                frame.pts = i
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        paths.append(str(path))
    done = subprocess.run([sys.executable, "-c", MEASURE, *paths], capture_output=True, text=True, check=True)
    (short_n, short_kb), (long_n, long_kb) = (map(int, line.split()) for line in done.stdout.splitlines())
    assert (short_n, long_n) == (250, 3000)
    assert long_kb - short_kb < (3000 - 250) * 256 * 256 * 3 / 1024 / 4  # a quarter of its pixels


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not list open files")
@pytest.mark.parametrize("options", [{}, {"end_s": 1.0}, {"reader": "pyav"}], ids=str)
def test_a_video_is_closed_once_nobody_reads_it(h264, options):
    def is_open():
        return any(link.exists() and link.samefile(h264) for link in Path("/proc/self/fd").iterdir())

    gc.collect()  # what tests before this one have left open
    gc.disable()  # sooner or later it would close what is left open
    try:
        chunks = read_chunks(h264, chunk_frames=4, **options)
        next(chunks)
        chunks.close()
        assert not is_open()
        list(read_chunks(h264, **options))
        assert not is_open()
    finally:
        gc.enable()


def test_a_video_is_not_closed_under_a_thread_when_the_program_ends(h264):
    """A film may still be read ahead in a thread, which would crash."""
    script = """
import atexit, sys
atexit.register(lambda: print(len(reader.container.streams)))  # the first one is called last
import av
from vidfer.crops.decode.av_reader import AvReader
reader = AvReader(sys.argv[1], av.open(sys.argv[1]))
"""
    done = subprocess.run([sys.executable, "-c", script, h264], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
