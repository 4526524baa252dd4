"""Training on a full disk, or in a number format that is not there, ends with one message."""

import os
import resource
import subprocess
import sys

import pytest
from recipe_modules import RECIPES
from recipe_runs import assert_same_run

TINY = [
    "--encoder.width",
    "4",
    "--train.epochs",
    "2",
    "--train.batch-size",
    "6",
    "--tracker",
    "none",
    "--data.frames",
    "2",
]


def run_recipe(
    cache, out, *options: str, limit: int | None = None, **environment: str
) -> tuple[int, list[str]]:
    """Exit status, and the lines on the terminal besides progress bars."""
    command = [sys.executable, RECIPES / "supervised.py", "--cache", cache, "--out", out, *TINY, *options]
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        preexec_fn=limit and (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))),
    )
    return done.returncode, [line for line in done.stderr.splitlines() if line.startswith("supervised.py: ")]


def file_size(run, pattern: str) -> int:
    return next(run.glob(pattern)).stat().st_size


@pytest.mark.parametrize("which", ["checkpoints/last/model.safetensors", "state/*/optimizer.bin"])
def test_a_full_disk_is_one_message_and_the_run_goes_on(striped_cache, tmp_path, which):
    whole, run = tmp_path / "whole", tmp_path / "run"
    assert run_recipe(striped_cache, whole)[0] == 0
    status, said = run_recipe(striped_cache, run, limit=file_size(whole, which) - 1000)
    assert status == 2 and len(said) == 1, said
    assert str(run / which.split("/")[0]) in said[0] and "--resume" in said[0] and "disk is full" in said[0]
    assert run_recipe(striped_cache, run, "--resume")[0] == 0
    assert_same_run(whole, run)


def test_fp8_is_one_message(striped_cache, tmp_path):
    status, said = run_recipe(striped_cache, tmp_path / "run", ACCELERATE_MIXED_PRECISION="fp8")
    assert status == 2 and len(said) == 1, said
    assert "fp8" in said[0] and "bf16" in said[0] and "--mixed-precision" in said[0]
    assert not (tmp_path / "run").exists()
