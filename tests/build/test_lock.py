import subprocess
import sys
import threading

import pytest
from refused import refused

from vidfer.build.lock import sole_writer, wait_until_free
from vidfer.errors import CacheError

HOLD = """
import sys
from pathlib import Path
from vidfer.build.lock import sole_writer
with sole_writer(Path(sys.argv[1]), Path("cache.h5")):
    print("held", flush=True)
    sys.stdin.read()  # until the other end of the pipe is closed
"""


def holder(folder) -> subprocess.Popen:
    """Another process, which holds the lock as long as this one lives and does not kill it."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", HOLD, folder], text=True, **pipes)


def test_the_second_writer_is_refused_and_a_dead_one_blocks_nobody(tmp_path):
    folder = tmp_path / "cache.h5.parts"
    with holder(folder) as other:
        assert other.stdout.readline() == "held\n"
        with (
            refused(CacheError, f"process {other.pid} on ", tmp_path / "cache.h5", "--out"),
            sole_writer(folder, tmp_path / "cache.h5"),
        ):
            pytest.fail("two writers at once")
        other.kill()
        other.wait()
    assert (folder / "lock").exists()
    with sole_writer(folder, tmp_path / "cache.h5"):
        pass


def test_waiting_for_a_lock_ends_with_its_holder(tmp_path, monkeypatch):
    folder = tmp_path / "parts"
    with holder(folder) as other:
        assert other.stdout.readline() == "held\n"
        monkeypatch.setattr("vidfer.build.lock.WAIT_S", 0.1)
        with refused(CacheError, f"process {other.pid} on ", tmp_path / "cache.h5"):
            wait_until_free(folder / "lock", tmp_path / "cache.h5")
        monkeypatch.setattr("vidfer.build.lock.WAIT_S", 3000.0)
        threading.Timer(0.5, other.kill).start()
        wait_until_free(folder / "lock", tmp_path / "cache.h5")
        assert other.wait() == -9


def test_the_folder_may_go_while_the_lock_is_held(tmp_path):
    folder = tmp_path / "parts"
    with sole_writer(folder, tmp_path / "x"):
        (folder / "lock").unlink()
        folder.rmdir()
    with sole_writer(folder, tmp_path / "x"):
        assert (folder / "lock").exists()
