"""The steps of a study run in order and once, and a stopped study goes on where it stopped."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from gone import left_over
from patience import PATIENCE_S
from refused import refused
from studies.steps import ROOT, Step, cpu_seconds, in_repository, run_steps

from vidfer.errors import SettingError

TOOLS = ROOT / "tools"


def note(out: Path, name: str, *after: str, then: str = "") -> Step:
    """A step that adds its name to a file."""
    command = f"sh -c 'echo {name} >> {out}/order; {then}'"
    return Step(name=name, command=command, after=after)


def order(out: Path) -> list[str]:
    return (out / "order").read_text().split()


def test_every_step_runs_once_after_those_it_needs(tmp_path):
    steps = [note(tmp_path, "a"), note(tmp_path, "x/b", "a"), note(tmp_path, "c", "a", "x/b")]
    run_steps(steps, tmp_path, jobs=3)
    assert order(tmp_path) == ["a", "x/b", "c"]
    run_steps(steps, tmp_path, jobs=3)
    assert order(tmp_path) == ["a", "x/b", "c"]
    assert (tmp_path / "logs/x/b.log").read_text() == f"$ {steps[1].command}\n"
    assert cpu_seconds(steps, tmp_path).keys() == {"a", "x/b", "c"}


def test_a_step_with_another_command_runs_again(tmp_path):
    run_steps([note(tmp_path, "a")], tmp_path, jobs=1)
    run_steps([note(tmp_path, "a", then="true")], tmp_path, jobs=1)
    assert order(tmp_path) == ["a", "a"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("--other-people", "--person-disjoint"),
        ("--model.width 3", "--encoder.width 3"),
        ("--model.head csrn --optimiser.lr 1e-3", "--head csrn --optim.lr 1e-3"),
    ],
)
def test_a_step_that_ran_with_an_old_spelling_is_finished(tmp_path, old, new):
    before = Step(name="a", command=f"sh -c 'echo ran >> {tmp_path}/order' {old}")
    run_steps([before], tmp_path, jobs=1)
    after = replace(before, command=before.command.replace(old, new))
    assert cpu_seconds([after], tmp_path).keys() == {"a"}
    run_steps([after], tmp_path, jobs=1)
    assert order(tmp_path) == ["ran"]
    assert not cpu_seconds([replace(after, command=f"{after.command} 4")], tmp_path)


def test_what_rests_on_a_changed_step_runs_again(tmp_path):
    run_steps([note(tmp_path, "a"), note(tmp_path, "b", "a"), note(tmp_path, "c")], tmp_path, jobs=1)
    changed = [note(tmp_path, "a", then="true"), note(tmp_path, "b", "a"), note(tmp_path, "c")]
    assert cpu_seconds(changed, tmp_path).keys() == {"c"}
    run_steps(changed, tmp_path, jobs=1)
    assert sorted(order(tmp_path)) == ["a", "a", "b", "b", "c"]


def test_after_a_failure_the_others_go_on_and_a_second_start_mends_it(tmp_path, capfd):
    def steps(then: str) -> list[Step]:
        bad = note(tmp_path, "bad", then=f"echo the reason; {then}")
        return [bad, note(tmp_path, "needs_it", "bad"), note(tmp_path, "other")]

    with pytest.raises(SystemExit) as stop:
        run_steps(steps("exit 3"), tmp_path, jobs=1)
    assert str(stop.value).startswith("1 of 3 steps failed; 1 ")
    assert order(tmp_path) == ["bad", "other"]
    shown = capfd.readouterr().err
    assert "bad ended with status 3" in shown and "    the reason\n" in shown
    run_steps(steps("exit 0"), tmp_path, jobs=1)
    assert order(tmp_path) == ["bad", "other", "bad", "needs_it"]


def test_a_path_that_would_be_two_words():
    assert in_repository(TOOLS) == Path("tools")
    with refused(SettingError, "my study"):
        in_repository(Path("my study"))


def test_jobs_is_how_many_run_at_a_time(tmp_path):
    # Each of two waits for the other one's file: they end only if they run together.
    meet = [
        note(
            tmp_path,
            name,
            then=f"touch {tmp_path}/{name}; while [ ! -e {tmp_path}/{other} ]; do sleep .05; done",
        )
        for name, other in (("a", "b"), ("b", "a"))
    ]
    run_steps(meet, tmp_path, jobs=2)
    assert sorted(order(tmp_path)) == ["a", "b"]


def test_cpu_time_is_that_of_the_step(tmp_path):
    busy = f"{sys.executable} -c 'import time\nwhile time.process_time() < 0.5: pass'"
    steps = [Step(name="busy", command=busy), Step(name="idle", command="sleep 0.6")]
    run_steps(steps, tmp_path, jobs=1)
    spent = cpu_seconds(steps, tmp_path)
    assert spent["busy"] > 0.45 and spent["idle"] < 0.3


PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, {tools!r})
from studies.steps import Step, run_steps
out = Path({out!r})
slow = f"sh -c 'cat {{out}}/hold & echo $$ $! > {{out}}/pids; wait'"
run_steps([Step(name="quick", command=f"touch {{out}}/quick"), Step(name="slow", command=slow)], out, jobs=1)
"""


@contextmanager
def started(out: Path) -> Iterator[tuple[subprocess.Popen, list[psutil.Process]]]:
    """A program in whose slow step we are, and the two processes of this step; they end with the block."""
    os.mkfifo(out / "pids")
    os.mkfifo(out / "hold")
    program = PROGRAM.format(tools=str(TOOLS), out=str(out))
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL) as process:
        pids = (out / "pids").read_text().split()  # waits until the step writes them
        with (out / "hold").open("w"):  # waits until the step reads it
            yield process, [psutil.Process(int(pid)) for pid in pids]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_stopped_or_killed_it_takes_its_steps_with_it(tmp_path, how):
    with started(tmp_path) as (process, step):
        process.send_signal(how)
        assert process.wait() != 0
        assert left_over(step) == []
    assert json.loads((tmp_path / "done/quick.json").read_text())["command"].startswith("touch")
    assert not (tmp_path / "done/slow.json").exists()
    run_steps([note(tmp_path, "a")], tmp_path, jobs=1)
    assert order(tmp_path) == ["a"]


def test_a_stop_while_a_step_is_started_forgets_nobody(tmp_path):
    # The step itself asks for it, as early as it can.
    step = f"sh -c 'kill -TERM $PPID; echo $$ > {tmp_path}/pid; sleep 60'"
    program = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(TOOLS)!r})
from studies.steps import Step, run_steps
run_steps([Step(name="a", command={step!r})], Path({str(tmp_path)!r}), jobs=1)
"""
    pid = tmp_path / "pid"
    for _ in range(5):
        pid.write_text("")
        assert subprocess.run([sys.executable, "-c", program], stderr=subprocess.DEVNULL).returncode == 143
        for number in pid.read_text().split():  # it may have been stopped before it wrote this
            assert not psutil.pid_exists(int(number))


def test_a_step_that_outlives_even_its_guard_keeps_a_second_program_out(tmp_path, monkeypatch):
    with started(tmp_path) as (process, step):
        for guard in {*psutil.Process(process.pid).children()} - {*step}:
            guard.kill()
        process.kill()
        process.wait()
        assert all(one.is_running() for one in step)
        with pytest.raises(SystemExit) as stop:
            run_steps([note(tmp_path, "a")], tmp_path, jobs=1)
        assert str(tmp_path) in str(stop.value) and not (tmp_path / "order").exists()
    monkeypatch.setattr("studies.steps.LOCK_PATIENCE_S", PATIENCE_S)
    run_steps([note(tmp_path, "a")], tmp_path, jobs=1)
    assert order(tmp_path) == ["a"]
