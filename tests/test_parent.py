"""Nothing outlives the process that started it, however that one ends."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from gone import left_over
from made_up_caches import make_cache

HERE = Path(__file__).parent
PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}

LAUNCHED = """
import os, sys, threading
from pathlib import Path
from vidfer import parent
if {elsewhere}:
    parent.PROC = Path("nowhere")
    vars(os).pop("pidfd_open", None)
parent.end_with_launcher()
print(threading.active_count() - 1, flush=True)
sys.stdin.read()  # ends when the test closes the pipe, or is gone itself
"""
"""Says how many threads watch over the launcher. ``elsewhere`` takes away what only Linux has."""

LAUNCHER = """
import subprocess, sys
subprocess.run([sys.executable, "-c", {launched!r}])
"""


def kill_and_see(process: subprocess.Popen) -> list[psutil.Process]:
    """Kill a process after its first line; gives those of its family that are left."""
    assert process.stdout.readline()
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    process.stdout.close()
    assert family
    return left_over(family)


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_loader_processes_end_with_a_killed_program(tmp_path, method):
    path = make_cache(tmp_path / "cache", lengths=(2, 2, 2, 2))
    command = [sys.executable, HERE / "reads_and_waits.py", path, method]
    with subprocess.Popen(command, **PIPES) as process:
        assert kill_and_see(process) == []


def launch(file: Path, *, elsewhere: bool) -> subprocess.Popen:
    """A program of this name that starts a process and waits for it."""
    file.write_text(LAUNCHER.format(launched=LAUNCHED.format(elsewhere=elsewhere)))
    return subprocess.Popen([sys.executable, file, "x.py"], **PIPES)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["linux", "elsewhere"])
@pytest.mark.parametrize("name", ["torchrun", "accelerate"])
def test_a_process_ends_with_the_launcher_that_started_it(tmp_path, name, elsewhere):
    with launch(tmp_path / name, elsewhere=elsewhere) as process:
        assert kill_and_see(process) == []


@pytest.mark.parametrize("elsewhere", [False, True], ids=["linux", "elsewhere"])
def test_a_process_that_a_shell_started_may_outlive_it(tmp_path, elsewhere):
    with launch(tmp_path / "shell", elsewhere=elsewhere) as process:
        assert process.stdout.readline() == b"0\n"  # nothing watches over the shell
        (child,) = psutil.Process(process.pid).children()
        process.kill()
        process.wait()
        assert child.is_running()
        process.stdin.close()
        assert left_over([child]) == []


def test_a_process_ends_with_the_launcher_that_named_itself(tmp_path):
    """``vidfer train --processes`` gives its process id; its file has any name."""
    named = "import os; os.environ['VIDFER_LAUNCHER'] = str(os.getpid())\n"
    code = named + LAUNCHER.format(launched=LAUNCHED.format(elsewhere=False))
    with subprocess.Popen([sys.executable, "-c", code], **PIPES) as process:
        assert kill_and_see(process) == []


def test_processes_that_draw_actors_end_with_a_killed_program(tmp_path):
    command = [sys.executable, HERE / "draws_and_waits.py", tmp_path]
    with subprocess.Popen(command, **PIPES) as process:
        assert kill_and_see(process) == []
