"""``vidfer train``: recipes as commands, in one process and in several."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from refused import refused

import vidfer
from vidfer.commands.launch import launch
from vidfer.commands.main import main
from vidfer.commands.recipes import RECIPES, protocol_file, recipe_folder
from vidfer.errors import SettingError

OPTIONS = "--data.frames 2 --tracker none --train.batch-size 6 --train.epochs 1 --encoder.width 4"


def run(monkeypatch, *words: object) -> int:
    """The exit status of ``vidfer train WORDS``, run in this process."""
    monkeypatch.setattr("sys.argv", ["vidfer", "train", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


def test_every_recipe_is_a_command(capsys, monkeypatch):
    assert {file.stem for file in recipe_folder().glob("*.py")} == {*RECIPES}
    monkeypatch.setattr("sys.argv", ["vidfer", "train"])
    main()
    page = capsys.readouterr().out
    assert all(f"  train {name} " in page for name in RECIPES) and str(recipe_folder()) in page


def test_the_recipes_are_in_the_package_or_beside_it(tmp_path, monkeypatch):
    package = tmp_path / "vidfer"
    monkeypatch.setattr(vidfer, "__file__", str(package / "__init__.py"))
    with refused(SettingError, str(package)):
        recipe_folder()
    for folder in (tmp_path / "recipes", package / "recipes"):  # the folder beside a package may be another's
        folder.mkdir(parents=True)
        (folder / "supervised.py").touch()
        assert recipe_folder() == folder


def test_an_included_protocol_is_known_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert protocol_file("fan_ckplus") == recipe_folder() / "protocols" / "fan_ckplus.yaml"
    for path in ("fan_ckplus.yaml", "mine/fan_ckplus"):
        assert protocol_file(path) == Path(path)
    with refused(SettingError, "fan_ckplsu", "fan_ckplus?", "egs_5way_1shot"):
        protocol_file("fan_ckplsu")
    Path("crn").touch()
    assert protocol_file("crn") == Path("crn"), "a file that is there is meant"


@pytest.mark.parametrize("processes", [1, 2])
def test_a_recipe_trains_in_one_process_and_in_several(processes, striped_cache, tmp_path, monkeypatch):
    for name in ("ACCELERATE_USE_CPU", "OMP_NUM_THREADS", "WORLD_SIZE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vidfer").mkdir()
    (tmp_path / "vidfer/__init__.py").write_text("raise ImportError('another vidfer')")
    words = ["--cache", striped_cache, "--out", tmp_path / "run", *OPTIONS.split()]
    assert run(monkeypatch, "supervised", *words, "--processes", processes) == 0
    environment = json.loads((tmp_path / "run/environment.json").read_text("utf-8"))
    assert environment["processes"] == processes
    assert (tmp_path / "run/checkpoints/best/model.safetensors").is_file()
    assert run(monkeypatch, "supervised", *words) == 2, "the folder is there"
    if processes == 1:
        assert run(monkeypatch, "supervised", *words, "--resume") == 0


def test_fewer_than_one_process_is_a_mistake(monkeypatch, capsys):
    assert run(monkeypatch, "egs", "--cache", "c.h5", "--out", "run", "--processes", 0) == 2
    assert capsys.readouterr().err.startswith("vidfer train egs: --processes 0")


def test_processes_of_a_launcher_start_no_others(monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert run(monkeypatch, "egs", "--cache", "c.h5", "--out", "run", "--processes", 2) == 2
    error = capsys.readouterr().err
    assert "--processes 2" in error and "4 processes" in error


SAYS = "import os, sys; rank = int(os.environ['RANK']); print(f'rank {rank}', file=sys.stderr); "


def launched(code: str, monkeypatch, processes: int = 2) -> int:
    """The exit status of processes that run this code, each of which has said its rank."""
    monkeypatch.setenv("ACCELERATE_USE_CPU", "1")
    return launch([sys.executable, "-c", SAYS + code], processes)


def test_what_several_processes_say_is_said_once(monkeypatch, capfd):
    handler = signal.getsignal(signal.SIGINT)
    assert launched("sys.exit(2)", monkeypatch) == 2
    assert signal.getsignal(signal.SIGINT) == handler
    assert len(capfd.readouterr().err.splitlines()) == 1


def test_what_one_process_says_before_it_fails_is_shown(monkeypatch, capfd):
    assert launched("import time; rank or time.sleep(600); sys.exit(3)", monkeypatch) == 3
    assert "rank 1" in capfd.readouterr().err.splitlines()


def test_a_process_that_the_system_kills_is_told(monkeypatch, capfd):
    assert launched("os.kill(os.getpid(), 9)", monkeypatch) == 128 + signal.SIGKILL
    error = capfd.readouterr().err
    assert "SIGKILL" in error and "memory" in error and "--resume" in error


def test_more_processes_than_cores_are_not_started(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: range(7))
    with refused(SettingError, "--processes 1000", "cores here: 7"):
        launched("raise SystemExit('never')", monkeypatch, processes=1000)


def test_processes_share_the_threads_of_the_cpu(monkeypatch, capfd):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: range(7))
    code = "rank or print(*(os.environ[name] for name in ('OMP_NUM_THREADS', 'WORLD_SIZE')))"
    assert launched(code, monkeypatch, 3) == 0
    assert capfd.readouterr().out == "2 3\n"


WAITS = """
import os, time
from vidfer.parent import end_with_launcher
end_with_launcher()  # a signal may come before torch has noted that it started this process
try:
    os.write(1, (os.environ["RANK"] + "\\n").encode())  # in one piece, between those of the other process
    time.sleep(600)
except KeyboardInterrupt:
    raise SystemExit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_gets_a_signal_ends_with_its_processes(number):
    code = "import sys; from vidfer.commands.launch import launch; sys.exit(launch(sys.argv[1:], 2))"
    command = [sys.executable, "-c", code, sys.executable, "-c", WAITS]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=os.environ | {"ACCELERATE_USE_CPU": "1"}, **pipes) as process:
        begun = {process.stdout.readline() for _ in range(2)}
        process.send_signal(number)
        _, error = process.communicate()  # until the last process has closed its standard output
    assert begun == {"0\n", "1\n"}
    assert process.returncode == 128 + number
    said = ["vidfer: the run has ended: it got SIGTERM; --resume goes on from the last state"]
    assert error.splitlines() == said * (number == signal.SIGTERM)  # on Ctrl-C a recipe says it
