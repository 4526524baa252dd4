import subprocess
import sys
from pathlib import Path


def peak_kb(folder: Path, n_frames: int) -> int:
    folder.mkdir()
    command = [sys.executable, str(Path(__file__).with_name("write_many.py")), str(folder), str(n_frames)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_memory_does_not_grow_with_the_length_of_a_clip(tmp_path):
    short, long = peak_kb(tmp_path / "short", 400), peak_kb(tmp_path / "long", 3200)
    # The long clip has 50 MB of JPEGs. Each is held in pieces of 4 MiB at most; the frame tables are 3 MB.
    assert (tmp_path / "long" / "c.h5").stat().st_size > 50e6
    assert long < short + 30_000
