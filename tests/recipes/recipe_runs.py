"""Settings that are fast, and what to look at in a run folder."""

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType

import psutil
import pytest
from gone import left_over
from networks import network
from recipe_modules import RECIPES, load_recipe
from safetensors.torch import load_file

from vidfer.commands.recipe_settings import settings_from_command_line
from vidfer.data.settings import DataSettings, NoiseSettings
from vidfer.learn.settings import OptimSettings, TrainSettings
from vidfer.parent import end_with_parent

FAST = {
    "tracker": "none",
    "data": DataSettings(frames=2),
    "noise": NoiseSettings(flip=0.0),  # mirrored, one class of stripes would be another
    "optim": OptimSettings(lr=1e-2, weight_decay=0.0),
}
TINY = network(width=4, dropout=0.0, head="prototype")
SHORT = TrainSettings(epochs=3, batch_size=6)


def weights(run: Path, name: str = "last") -> dict:
    return load_file(run / "checkpoints" / name / "model.safetensors")


def assert_same_run(one: Path, other: Path) -> None:
    for name in ("last", "best"):
        first, second = weights(one, name), weights(other, name)
        assert first.keys() == second.keys()
        assert all(first[key].equal(second[key]) for key in first), name
    assert metrics(one) == metrics(other)


def metrics(run: Path) -> list[dict]:
    """Without ``waiting``, which depends on the machine."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        assert "epoch" not in line or 0 <= line.pop("waiting") <= 1
    return lines


def start(
    recipe: ModuleType,
    settings: object,
    kill: tuple[int, float] | None = None,
    die_at: tuple[str, str] | None = None,
) -> BaseProcess:
    """The recipe in a process of its own, which has what the recipes import already.

    Args:
        recipe, settings: of the run.
        die_at: the process kills itself just before this audit event of Python, such as ``os.rename``,
            happens to a path that contains this text.
        kill: the process kills itself so many seconds after it has saved the state of this number, and at the
            latest when it saves the next one or ends. So it is never faster than who would kill it.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["accelerate", "torch", "kornia", "vidfer.learn.supervised"])
    process = context.Process(target=_main, args=(Path(recipe.__file__).stem, vars(settings), kill, die_at))
    process.start()
    return process


def _main(name: str, settings: dict, kill: tuple[int, float] | None, die_at: tuple[str, str] | None) -> None:
    import torch

    os.environ |= {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    torch.set_num_threads(1)
    end_with_parent()
    recipe = load_recipe(name)
    if kill is not None:
        _die_after_state(settings["out"], *kill)
    if die_at is not None:
        sys.addaudithook(
            lambda event, arguments: event == die_at[0] and die_at[1] in str(arguments) and _die()
        )
    recipe.main(recipe.Settings(**settings))
    if kill is not None:
        _die()


def _die_after_state(out: Path, number: int, delay_s: float) -> None:
    from vidfer.runs.run_folder import RunFolder

    save, timer = RunFolder.save_state, threading.Timer(delay_s, _die)

    def look() -> None:
        if timer.is_alive():
            _die()
        if newest_state(out) >= number:
            timer.start() if delay_s else _die()

    def save_and_look(run: RunFolder, *state, **more) -> None:
        save(run, *state, **more)
        look()

    RunFolder.save_state = save_and_look
    look()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def torchrun(recipe: str, *options: object, kill_after: Path | None = None) -> None:
    """Two processes on the CPU share a run. When the file ``kill_after`` is there, torchrun is killed."""
    script = [RECIPES / f"{recipe}.py"]
    if kill_after is not None:
        script = [Path(__file__).with_name("kills_launcher.py"), recipe, kill_after]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    mark = f"{os.getpid()}.{time.monotonic_ns()}"
    environment = os.environ | {"VIDFER_TEST_RUN": mark}
    status = subprocess.run([*command, *script, *map(str, options)], env=environment, check=False).returncode
    assert status == (0 if kill_after is None else -signal.SIGKILL)
    # torchrun puts its processes into groups of their own; they must not outlive it.
    assert not left_over(_marked(mark)), "processes of a run outlive torchrun"


def _marked(mark: str) -> list[psutil.Process]:
    """All processes with this value of the variable VIDFER_TEST_RUN."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("VIDFER_TEST_RUN") == mark:
                found.append(process)
    return found


def here(recipe: ModuleType, *options: object) -> None:
    """The same options, and one process."""
    recipe.main(parse(recipe, *options))


def parse(recipe: ModuleType, *options: object) -> object:
    """Settings from options of the command line."""
    return settings_from_command_line(recipe.Settings, "", [str(option) for option in options])


def assert_same_curve(one: Path, other: Path) -> None:
    """The same loss in every epoch, to 1e-4 of it: sums over processes are rounded in another order."""
    curves = [[line["loss"] for line in metrics(run) if "loss" in line] for run in (one, other)]
    assert curves[0] == pytest.approx(curves[1], rel=1e-4) and len(curves[0]) > 1


def newest_state(run: Path) -> int:
    """How many states the run has saved, over all its starts."""
    return max((int(state.name[5:]) for state in (run / "state").glob("state????????")), default=0)


def assert_kills_change_nothing(recipe: ModuleType, settings: object, kills: int) -> None:
    """Lets a run be, and kills another one at random moments, each time some states further, before it ends.

    Args:
        recipe, settings: of the run.
        kills: how often.
    """
    start(recipe, settings).join()
    rng, states, whole = random.Random(0), newest_state(settings.out), settings.out
    settings = replace(settings, out=whole.with_name("killed"))
    for _ in range(kills):
        before = newest_state(settings.out)
        last = before + rng.randint(0, (states - before) // kills)
        resumed = replace(settings, resume=settings.out.exists())
        process = start(recipe, resumed, kill=(last, rng.uniform(0, 0.1)))
        process.join()
        assert process.exitcode == -signal.SIGKILL
    process = start(recipe, replace(settings, resume=True))
    process.join()
    assert process.exitcode == 0
    assert_same_run(whole, settings.out)
