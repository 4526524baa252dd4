"""Nothing outlives the process that started it, however that one ends."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from made_up_caches import make_cache

READER = Path(__file__).with_name("reads_for_ever.py")

PATIENCE_S = 300
"""It takes seconds; only a fault takes this long."""

LAUNCHED = """
import os, time
from vidfer.parent import end_with_launcher
end_with_launcher()
print("started", flush=True)
time.sleep(600)
"""

LAUNCHER = """
import subprocess, sys
subprocess.run([sys.executable, "-c", {launched!r}])
"""


def kill_and_see(process: subprocess.Popen) -> list[psutil.Process]:
    """Kill a process; gives those of its family that are left."""
    process.stdout.readline()
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    process.stdout.close()
    assert family
    return psutil.wait_procs(family, timeout=PATIENCE_S)[1]


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_loader_processes_end_with_a_killed_program(tmp_path, method):
    path = make_cache(tmp_path / "cache", lengths=(2, 2, 2, 2))
    command = [sys.executable, READER, path, method]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert kill_and_see(process) == []


@pytest.mark.parametrize("name", ["torchrun", "accelerate"])
def test_a_process_ends_with_the_launcher_that_started_it(tmp_path, name):
    (tmp_path / name).write_text(LAUNCHER.format(launched=LAUNCHED))
    with subprocess.Popen([sys.executable, tmp_path / name, "x.py"], stdout=subprocess.PIPE) as process:
        assert kill_and_see(process) == []


def test_a_process_that_a_shell_started_may_outlive_it(tmp_path):
    (tmp_path / "shell").write_text(LAUNCHER.format(launched=LAUNCHED))
    with subprocess.Popen([sys.executable, tmp_path / "shell"], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        (child,) = psutil.Process(process.pid).children()
        process.kill()
        process.wait()
        try:
            with pytest.raises(psutil.TimeoutExpired):
                child.wait(timeout=3)
        finally:
            child.kill()


def test_processes_that_draw_actors_end_with_a_killed_program(tmp_path):
    command = [sys.executable, "-m", "vidfer", "actors", "--out", tmp_path, "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        while not list(tmp_path.rglob("*.avi")):
            assert process.poll() is None
            time.sleep(0.05)
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        assert len(family) >= 2 and psutil.wait_procs(family, timeout=PATIENCE_S)[1] == []
