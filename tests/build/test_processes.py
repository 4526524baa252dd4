"""Several processes make one cache: the same bytes, one message, and no end of one that is not noticed."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from build_here import CROPS
from gone import left_over
from halted import Halt
from refused import refused

from vidfer.build.build_cache import build_cache
from vidfer.build.build_task import BuildTask
from vidfer.build.header import header_of
from vidfer.build.heartbeat import Heartbeat, beating, heartbeat_path, read_heartbeat, write_heartbeat
from vidfer.build.lock import sole_writer
from vidfer.build.other_processes import OtherProcesses
from vidfer.build.process_group import ProcessGroup
from vidfer.build.read_share import read_share
from vidfer.build.settings import BuildSettings
from vidfer.clips import find_clips
from vidfer.crops.settings import CropSettings
from vidfer.errors import CacheError
from vidfer.store.records import record_of

OPTIONS = ["--size-px", "48", "--min-face-px", "24", "--workers", "1"]


class Launch:
    """What a launcher does: processes that know of each other by their environment."""

    def __init__(
        self, n: int, *arguments: str, folder: Path, environment: Mapping[str, str] = os.environ
    ) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        common = {"WORLD_SIZE": n, "LOCAL_WORLD_SIZE": n, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        self.files = [(folder / f"out{rank}", folder / f"err{rank}") for rank in range(n)]
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-m", "vidfer", "cache", *arguments],
                env={
                    **environment,
                    **{k: str(v) for k, v in {**common, "RANK": rank, "LOCAL_RANK": rank}.items()},
                },
                stdout=self.files[rank][0].open("wb"),
                stderr=self.files[rank][1].open("wb"),
            )
            for rank in range(n)
        ]

    def end(self) -> list[int]:
        return [process.wait() for process in self.processes]

    def said(self, rank: int) -> list[str]:
        """Lines of the program itself."""
        lines = [line for file in self.files[rank] for line in file.read_text().splitlines()]
        return [line for line in lines if line.strip() and "cropping" not in line and "Gloo" not in line]


@pytest.fixture(scope="module")
def slow_clips(studio_clips) -> list[str]:
    return ["--src", "actors", "--root", str(studio_clips), "--key-every-s", "0", *OPTIONS]


@pytest.fixture(scope="module")
def undisturbed(slow_clips, tmp_path_factory) -> bytes:
    out = tmp_path_factory.mktemp("alone") / "c.h5"
    subprocess.run([sys.executable, "-m", "vidfer", "cache", *slow_clips, "--out", out], check=True)
    return out.read_bytes()


def test_two_processes_make_the_same_bytes_and_one_speaks(slow_clips, undisturbed, tmp_path):
    launch = Launch(2, *slow_clips, "--out", str(tmp_path / "c.h5"), folder=tmp_path)
    assert launch.end() == [0, 0]
    assert (tmp_path / "c.h5").read_bytes() == undisturbed
    assert any("8 clips, 160 frames; 8 clips read now" in line for line in launch.said(0))
    assert launch.said(1) == []
    assert not (tmp_path / "c.h5.parts").exists()


@pytest.mark.parametrize("victim", [0, 1])
def test_one_that_dies_takes_nothing_along(slow_clips, undisturbed, tmp_path, victim):
    out = tmp_path / "c.h5"
    halt = Halt(tmp_path)
    launch = Launch(2, *slow_clips, "--out", str(out), folder=tmp_path, environment=halt.environment)
    halt.wait()
    family = psutil.Process(launch.processes[victim].pid).children(recursive=True)
    launch.processes[victim].kill()
    assert not left_over(family), "workers outlive their process"
    launch.processes[1 - victim].send_signal(signal.SIGTERM)  # as launchers do
    assert 0 not in launch.end()
    subprocess.run([sys.executable, "-m", "vidfer", "cache", *slow_clips, "--out", out], check=True)
    assert out.read_bytes() == undisturbed


def test_a_mistake_is_one_message(slow_clips, tmp_path):
    launch = Launch(2, *slow_clips, "--out", str(tmp_path), folder=tmp_path)
    assert launch.end() == [2, 0]
    assert launch.said(1) == []
    assert [line for line in launch.said(0) if line.startswith("vidfer cache: ")] == launch.said(0)
    assert "is a folder" in launch.said(0)[0]


@dataclass(kw_only=True)
class Wired(ProcessGroup):
    """Processes without a network between them."""

    wire: list = field(default_factory=list)

    def send(self, messages):
        self.wire += messages

    def receive(self):
        return self.wire[self.rank - 1]


@pytest.fixture
def task(tmp_path) -> BuildTask:
    settings = BuildSettings(workers=1)
    crops = CropSettings(enhance=str(tmp_path / "nothing.onnx"))  # no worker can start with this
    task = BuildTask(
        out=tmp_path / "c.h5",
        header=header_of(CROPS, settings),
        crop_settings=crops,
        build_settings=settings,
        device="cpu",
        n_workers=1,
        n_cores=1,
    )
    task.parts.folder.mkdir()
    return task


def test_what_stops_another_process_is_told_by_the_main_one(studio_clips, task, monkeypatch):
    monkeypatch.setattr("vidfer.build.read_share.HEARD_S", 3000.0)
    todo = [(clip, record_of(clip)) for clip in find_clips("actors", studio_clips)]
    main = Wired(size=2)
    others = OtherProcesses(main, task)
    with ThreadPoolExecutor(1) as threads:
        with others.reading(todo) as own_share:
            assert {clip.id for clip, _ in own_share} < {clip.id for clip, _ in todo}
            status = threads.submit(read_share, Wired(rank=1, size=2, wire=main.wire))
            with refused(CacheError, "nothing.onnx", f"process 2 of 2: process {os.getpid()} on "):
                others.wait(lambda: None)
        assert status.result() == 0  # it has seen that the main process knows


def test_a_process_that_gives_no_sign_is_taken_for_dead(task, monkeypatch):
    monkeypatch.setattr("vidfer.build.heartbeat.SILENCE_S", 0.3)
    others = OtherProcesses(Wired(size=2), task)
    with (
        others.reading([]),
        beating(heartbeat_path(task.parts.folder, 1), Heartbeat("an earlier start")),
        refused(CacheError, "process 2 of 2", "start the same command again"),
    ):
        others.wait(lambda: None)


def test_a_heartbeat_can_be_written_when_the_disk_is_full(tmp_path):
    path, heartbeat = tmp_path / "heartbeat.1", Heartbeat("a", fault="the disk is full " * 1000)
    write_heartbeat(path, Heartbeat("a"))
    before = path.stat()
    write_heartbeat(path, heartbeat)
    assert path.stat().st_size == before.st_size and path.stat().st_blocks == before.st_blocks
    assert read_heartbeat(path, "a").fault.startswith("the disk is full")
    assert read_heartbeat(path, "b") is None


def test_a_process_that_is_left_over_is_not_written_beside(studio_clips, tmp_path, monkeypatch):
    monkeypatch.setattr("vidfer.build.lock.WAIT_S", 0.1)
    out = tmp_path / "c.h5"
    with (
        sole_writer(tmp_path / "c.h5.parts", out, "lock.1"),
        refused(CacheError, out, "process"),
    ):
        build_cache(find_clips("actors", studio_clips), out, CROPS, BuildSettings(workers=1))
