"""Ctrl-C: one line that says how far the work is and how to go on, and exit status 130."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vidfer.commands.main import COMMANDS
from vidfer.commands.recipes import RECIPES
from vidfer.commands.stopped import AGAIN, ANEW, GO_ON, RESUME, position, step, stopped_text

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def nothing_done(monkeypatch):
    for name, value in vars(position).items():
        monkeypatch.setattr(position, name, value)
    step("", "", 0, 0)


def test_how_far_it_is_and_how_to_go_on():
    assert stopped_text("cache") == f"stopped. {AGAIN}"
    step("cropping", "clip", 312, 1200)
    assert stopped_text("cache") == f"stopped; 312 of 1,200 clips are done. {AGAIN}"
    assert stopped_text("train egs") == f"stopped. {RESUME}"
    assert stopped_text("merge") == f"stopped. {ANEW}"
    assert "clips are done" not in stopped_text("verify")  # looking at them again begins with the first one
    step("film.mp4", "frame", 3, 4)
    assert stopped_text("predict") == f"stopped; 3 of 4 frames of film.mp4 are done. {AGAIN}"


def test_one_of_several_processes_says_it(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    assert stopped_text("train egs") == ""


def test_every_command_named_is_one():
    assert {*GO_ON} <= {*COMMANDS}


def stopped(command: list[object], begun) -> tuple[int, str]:
    """Exit status and standard error of a program that gets Ctrl-C as terminals send it, to all processes.

    Args:
        command: arguments for Python.
        begun: waits until its work has begun; gets the process.
    """
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"ACCELERATE_USE_CPU": "1"},
    )
    begun(process)
    os.killpg(process.pid, signal.SIGINT)
    error = process.communicate()[1]
    return process.returncode, error


def test_actors_that_several_processes_draw(tmp_path):
    def begun(process) -> None:
        while not [*tmp_path.glob("a/*_AFEW/*/*.avi")]:
            assert process.poll() is None
            time.sleep(0.05)

    status, error = stopped(["-m", "vidfer", "actors", "--out", tmp_path / "a", "--workers", 2], begun)
    lines = [line for line in error.splitlines() if not line.startswith("drawing")]
    assert status == 130 and len(lines) == 1, error
    assert re.fullmatch(r"vidfer actors: stopped; \d+ of 290 clips are done\. " + re.escape(AGAIN), lines[0])


def test_a_recipe_whose_loader_has_processes_goes_on_where_it_was(striped_cache, tmp_path):
    words = (
        f"--cache {striped_cache} --out {tmp_path / 'run'} --encoder.width 4 --data.frames 2 --tracker none"
    )
    words += " --train.batch-size 6 --train.epochs 10000 --data.workers 1"

    def begun(process) -> None:
        assert any(line.startswith("epoch 1/") for line in process.stdout)

    status, error = stopped([ROOT / "recipes/supervised.py", *words.split()], begun)
    assert status == 130 and "Traceback" not in error
    assert error.splitlines()[-1] == f"supervised.py: stopped. {RESUME}"
    assert (tmp_path / "run/state").is_dir()


STOPPED_AT_TORCH = """
import os, runpy, signal, sys

class Torch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Torch())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_that_still_imports(recipe):
    script = ROOT / f"recipes/{recipe}.py"
    command = [sys.executable, "-c", STOPPED_AT_TORCH, script, "--cache", "none.h5"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, f"{recipe}.py: stopped. {RESUME}\n")


SWALLOWED = """
import signal, sys

class Torch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:  # as libraries do while their machine code is loaded
                pass
            raise RecursionError("they are loaded by half")

sys.meta_path.insert(0, Torch())
sys.argv = sys.argv[1:]
if sys.argv[0] == "vidfer":
    from vidfer.commands.main import main
    main()
else:
    import runpy
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("program", ["vidfer train supervised", "supervised.py"])
def test_ctrl_c_that_a_library_swallows(program):
    words = program.split() if program.startswith("vidfer") else [ROOT / "recipes" / program]
    command = [sys.executable, "-c", SWALLOWED, *words, "--cache", "none.h5"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, f"{program}: stopped. {RESUME}\n")


def test_other_errors_while_a_script_imports_keep_their_traceback():
    stop = "end_quietly_on_early_stop"
    code = f"from vidfer.commands.early_stop import {stop}; {stop}(); import nowhere"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "Traceback" in done.stderr and "nowhere" in done.stderr
