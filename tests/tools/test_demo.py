"""How the demo runs its steps; that they work from start to end is what `make demo` shows."""

import shlex
import subprocess
import sys
from functools import partial

import demo
import pytest
from studies.steps import Step


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the demo with other steps."""

    def run_demo(*steps: Step) -> None:
        monkeypatch.setattr(demo, "demo_steps", lambda out, seed: steps)
        demo.main(demo.Settings(out=tmp_path))

    return run_demo


def shell(tmp_path, name: str, command: str, *after: str) -> Step:
    return Step(name=name, command=f"sh -c 'cd {tmp_path} && {command}'", after=after)


def test_commands_are_shown_and_end_with_the_first_that_fails(run, tmp_path, capfd):
    step = partial(shell, tmp_path)
    with pytest.raises(SystemExit, match="1 of 3 steps failed; 1 steps that need them did not run"):
        run(step("a", "touch first"), step("b", "echo reason; exit 3", "a"), step("c", "touch third", "b"))
    assert (tmp_path / "first").exists() and not (tmp_path / "third").exists()
    shown = capfd.readouterr().err
    assert f"$ sh -c 'cd {tmp_path} && touch first'" in shown and "touch third" not in shown
    assert "b ended with status 3" in shown and "reason" in shown


@pytest.mark.parametrize(("given", "cores", "threads"), [(None, 8, "4"), (None, 1, "1"), ("3", 8, "3")])
def test_two_steps_at_a_time_share_the_cores(run, tmp_path, monkeypatch, given, cores, threads):
    monkeypatch.setattr(demo.os, "sched_getaffinity", lambda _: set(range(cores)))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if given:
        monkeypatch.setenv("OMP_NUM_THREADS", given)
    with pytest.raises(SystemExit):  # as the last step leaves no result
        run(shell(tmp_path, "a", "echo $OMP_NUM_THREADS > threads; exit 1"))
    assert (tmp_path / "threads").read_text().strip() == threads


def test_the_film_is_drawn_by_the_command_of_its_step(tmp_path):
    [step] = [one for one in demo.demo_steps(tmp_path, 0) if one.name == "film"]
    subprocess.run([sys.executable, *shlex.split(step.command)[1:]], cwd=demo.ROOT, check=True)
    assert (tmp_path / "film.mp4").stat().st_size > 1_000_000
