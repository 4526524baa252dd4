"""A full disk, Ctrl-C and the signal of a queue of jobs: one message, and the next start goes on."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from halted import Halt

from vidfer.store.reader import CropCache

OPTIONS = ["--src", "actors", "--size-px", "48", "--key-every-s", "0", "--workers", "1"]


@pytest.fixture(scope="module")
def undisturbed(studio_clips, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("undisturbed") / "c.h5"
    assert build(studio_clips, out).wait() == 0
    return out


def build(root: Path, out: Path, *options: str, limit: int | None = None, **how) -> subprocess.Popen:
    command = [sys.executable, "-m", "vidfer", "cache", *OPTIONS, "--root", str(root), "--out", str(out)]
    return subprocess.Popen(
        [*command, *options],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        preexec_fn=limit and (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))),
        **how,
    )


def messages(process: subprocess.Popen) -> list[str]:
    lines = process.communicate()[1].replace("\r", "\n").splitlines()
    return [line for line in lines if line.strip() and not line.startswith(("cropping", "joining"))]


@pytest.mark.parametrize("when", ["reading", "joining"])
def test_a_disk_that_is_full(studio_clips, undisturbed, tmp_path, when):
    out, size = tmp_path / "c.h5", undisturbed.stat().st_size
    full = build(studio_clips, out, limit=size // 2 if when == "joining" else size // 50)
    said = messages(full)
    assert full.returncode == 2 and len(said) == 1, said
    assert said[0].startswith("vidfer cache: ") and str(tmp_path) in said[0] and "same command" in said[0]
    assert not out.exists()
    if when == "joining":
        assert len(list((tmp_path / "c.h5.parts").glob("*.part"))) == 8
    again = build(studio_clips, out)
    assert messages(again) == [] and again.returncode == 0
    assert out.read_bytes() == undisturbed.read_bytes()
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("how", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143)],
)
def test_stopping_it_is_one_message_and_loses_nothing(studio_clips, undisturbed, tmp_path, how, status):
    out, parts, halt = tmp_path / "c.h5", tmp_path / "c.h5.parts", Halt(tmp_path)
    process = build(studio_clips, out, env=halt.environment)
    halt.wait()
    process.send_signal(how)
    said = messages(process)
    told = "vidfer cache: stopped; 1 of 8 clips are done. Start the same command again to go on."
    assert (process.returncode, said) == (status, [told])
    assert len(list(parts.glob("*.part"))) == 1
    again = build(studio_clips, out)
    again.communicate()
    assert again.returncode == 0
    assert len(CropCache(out)) == 8 and out.read_bytes() == undisturbed.read_bytes()


LOADING = """
import os, sys, time

class LoadsForEver:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "vidfer.build.make_part" or "multiprocessing.forkserver" not in " ".join(sys.orig_argv):
            return None
        parent = os.getppid()
        open(os.environ["LOADING"], "w").close()  # a pipe: waits until the test has seen it
        while os.getppid() == parent:
            time.sleep(0.05)
        os._exit(0)

sys.meta_path.insert(0, LoadsForEver)
"""
"""The server of the workers loads until the program has ended; it says so through a pipe."""


def test_ctrl_c_while_workers_load_their_libraries_is_one_message(studio_clips, tmp_path):
    """The terminal sends it to all processes, also to those that are still importing."""
    (tmp_path / "sitecustomize.py").write_text(LOADING)
    path = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    environment = os.environ | {"PYTHONPATH": path, "LOADING": str(tmp_path / "loading")}
    os.mkfifo(tmp_path / "loading")
    process = build(studio_clips, tmp_path / "c.h5", start_new_session=True, env=environment)
    (tmp_path / "loading").read_bytes()
    os.killpg(process.pid, signal.SIGINT)
    said = messages(process)
    assert process.returncode == 130
    assert said == ["vidfer cache: stopped; 0 of 8 clips are done. Start the same command again to go on."]
