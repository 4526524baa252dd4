"""tools/kill_training.py: what it starts exists, and what it compares is all that must be equal."""

import json
from pathlib import Path

import numpy as np
import pytest
from kill_training import COMMON, OPTIONS, RECIPES, newest_state, outcome
from recipe_modules import load_recipe
from safetensors.numpy import save_file

from vidfer.commands.recipe_settings import settings_from_command_line


def test_every_recipe_is_killed():
    assert sorted(OPTIONS) == sorted(file.stem for file in RECIPES.glob("*.py"))


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_its_options_are_those_of_the_recipe(name):
    recipe = load_recipe(name)
    teacher = "--teacher t" if name == "noisy_student" else ""
    options = f"--cache c --out o {COMMON} {OPTIONS[name]} {teacher}".split()
    assert settings_from_command_line(recipe.Settings, "", options).save_every == 3


def write_run(out: Path, loss: float, waiting: float, weight: float) -> Path:
    checkpoint = out / "checkpoints" / "best"
    checkpoint.mkdir(parents=True)
    save_file({"weight": np.full(2, weight, np.float32)}, checkpoint / "model.safetensors")
    (out / "metrics.jsonl").write_text(json.dumps({"loss": loss, "waiting": waiting}) + "\n")
    return out


def test_runs_are_the_same_when_weights_and_metrics_are(tmp_path):
    wanted = outcome(write_run(tmp_path / "wanted", 0.5, 0.1, 1.0))
    assert outcome(write_run(tmp_path / "waited", 0.5, 0.9, 1.0)) == wanted
    assert outcome(write_run(tmp_path / "loss", 0.5000001, 0.1, 1.0)) != wanted
    assert outcome(write_run(tmp_path / "weight", 0.5, 0.1, 1.0000001)) != wanted


def test_the_newest_state_is_the_last_one(tmp_path):
    assert newest_state(tmp_path) == ""
    for name in ("state00000009", "state00000010", "new.tmp"):
        (tmp_path / "state" / name).mkdir(parents=True)
    assert newest_state(tmp_path) == "state00000010"
