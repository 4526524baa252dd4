"""The files that a resumed run goes on from, damaged or made up: the right content or one message."""

import json
import random
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from refused import refused
from torch import nn
from torch.utils.data import DataLoader

from vidfer.errors import RunError
from vidfer.learn.epoch import Epoch
from vidfer.learn.settings import OptimSettings
from vidfer.models.ema import Ema
from vidfer.runs.run_folder import RunFolder
from vidfer.runs.settings import RunSettings

VALUES = (None, -1, 0.5, "x", [], {}, [[1]], {"a": 1}, True, [1, None], float("nan"), 10**400)
START = {"epoch": 0, "best": -1.0}


@dataclass(frozen=True, kw_only=True)
class Settings(RunSettings):
    optim: OptimSettings = OptimSettings()


class Stopped:
    """A run that has stopped in the middle of an epoch."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(cache=Path("a.h5"), out=folder / "run", tracker="none")
        self.accelerator = Accelerator(cpu=True)
        model = nn.Linear(2, 1)
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
        loader = DataLoader([{"x": torch.ones(2)}] * 6, batch_size=1)
        self.model, _, self.loader = self.accelerator.prepare(model, optimiser, loader)
        self.ema = Ema(model, 0.5)
        self.run = RunFolder(self.settings, self.accelerator)
        self.run.log(1, epoch=1, loss=0.5)
        partial = {"done": 2, "names": ["loss"], "sums": [[1.0, 2.0]], "seconds": [0.1, 0.2]}
        self.run.save_state({"epoch": 1, "best": 0.5}, self.ema, partial)
        (self.state,) = (self.settings.out / "state").iterdir()

    def resume(self) -> dict:
        """What a recipe does with it."""
        run = RunFolder(replace(self.settings, resume=True), self.accelerator)
        progress = run.progress(START)
        run.load_state(self.ema)
        for _ in range(progress["epoch"], 9):
            assert progress["best"] is None or isinstance(progress["best"] >= 0.25, bool)
        epoch = Epoch(self.loader, run, 1, progress, ema=self.ema)
        for _ in epoch:
            epoch.add(loss=torch.tensor(0.5))
        assert epoch.means()["loss"] >= 0
        return progress


@pytest.fixture
def stopped(tmp_path) -> Stopped:
    return Stopped(tmp_path)


def changed(content: dict, rng: random.Random) -> None:
    """Change or remove one value, at any depth."""
    name = rng.choice([*content])
    if isinstance(content[name], dict) and content[name] and rng.random() < 0.7:
        changed(content[name], rng)
    elif rng.random() < 0.2:
        del content[name]
    else:
        content[name] = rng.choice(VALUES)


def test_as_it_was_it_goes_on(stopped):
    assert stopped.resume() == {"epoch": 1, "best": 0.5}


def test_every_mutation_of_what_is_resumed_is_read_or_refused(stopped):
    out = stopped.settings.out
    n_refused = 0
    for seed in range(400):
        rng = random.Random(seed)
        file = rng.choice([stopped.state / "progress.json", out / "settings.json", out / "environment.json"])
        whole, metrics = file.read_bytes(), (out / "metrics.jsonl").read_bytes()
        others = {path: path.read_bytes() for path in (out / "settings.json", out / "environment.json")}
        if rng.random() < 0.7:
            content = json.loads(whole)
            changed(content, rng)
            file.write_text(json.dumps(content))
        else:
            damaged = bytearray(whole[: rng.randint(1, len(whole))])
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            file.write_bytes(damaged)
        try:
            stopped.resume()
        except RunError as error:
            assert str(out) in str(error) and len(str(error)) < 1000, seed
            n_refused += 1
        file.write_bytes(whole)
        (out / "metrics.jsonl").write_bytes(metrics)
        for path, content in others.items():
            path.write_bytes(content)
    assert 200 < n_refused < 400


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("progress", "epoch"), -1, "progress epoch is '-1', not a whole number from 0"),
        (("progress", "best"), "x", "progress best is 'x', not a number or null"),
        (("partial", "sums"), [[1.0]], "two numbers for each name"),
        (("partial", "sums"), [], "partial sums is '[]'"),
        (("metrics_bytes",), True, "metrics_bytes is 'True'"),
        (("ema_steps",), None, "ema_steps is 'None'"),
    ],
)
def test_the_message_tells_value_file_and_remedy(stopped, place, value, said):
    file = stopped.state / "progress.json"
    content = json.loads(file.read_text())
    inner = content
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    file.write_text(json.dumps(content))
    with refused(RunError, file, said, "delete", stopped.settings.out / "state"):
        stopped.resume()


def test_a_setting_that_this_version_does_not_know_is_named(stopped):
    file = stopped.settings.out / "settings.json"
    content = json.loads(file.read_text())
    for value in (None, "red"):
        file.write_text(json.dumps(content | {"optim": content["optim"] | {"colour": value}}))
        if value is None:
            stopped.resume()
        else:
            with refused(RunError, file, "optim colour 'red'"):
                stopped.resume()


def test_missing_lines_of_the_metrics_are_not_filled_with_zeros(stopped):
    metrics = stopped.settings.out / "metrics.jsonl"
    metrics.write_text("")
    with refused(RunError, metrics, "0 bytes", "delete"):
        stopped.resume()
    assert metrics.read_bytes() == b""
    metrics.unlink()
    assert stopped.resume()["epoch"] == 1


def test_damaged_weights_or_optimiser_are_one_message(stopped):
    names = [file.name for file in stopped.state.iterdir() if file.name != "progress.json"]
    assert {"model.safetensors", "ema.safetensors", "optimizer.bin"} <= {*names}
    for name in ("model.safetensors", "ema.safetensors", "optimizer.bin"):
        file = stopped.state / name
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
        with refused(RunError, stopped.state, "delete"):
            stopped.resume()
        file.write_bytes(whole)
