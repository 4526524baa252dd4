"""Two real processes with a compiled network, and runs that go on with another number of processes."""

from pathlib import Path

import pytest
from recipe_runs import assert_same_curve, here, metrics, parse, start, torchrun
from safetensors.torch import load_file

from vidfer.models.checkpoint import load_checkpoint

pytestmark = pytest.mark.slow

QUIET = "--noise.magnitude 0 --noise.flip 0 --data.frames 2 --tracker none"
TRAIN = f"{QUIET} --train.epochs 2 --train.ema-decay 0.9"
EPISODES = f"{QUIET} --episodes.ways 3 --episodes.shots 2 --episodes.per-epoch 4 --episodes.val-episodes 4"
OPTIONS = {
    "supervised": f"{TRAIN} --encoder.width 4 --dropout 0",
    "noisy_student": f"{TRAIN} --pseudo.threshold 0 --pseudo.quota 6",
    "fewshot": f"{EPISODES} --episodes.epochs 2 --head prototype",
    "egs": f"{EPISODES} --episodes.epochs 3 --episodes.queries 2 --egs.joint-epochs 1 --dropout 0"
    " --encoder.width 4 --optim.lr 1e-3",
}
EPISODIC = ("fewshot", "egs")
"""In these recipes each process takes whole episodes; in the others the processes share each batch."""


@pytest.fixture(params=OPTIONS)
def recipe(request, striped_cache, teacher_run):
    """A recipe, and its options."""
    options = ["--cache", striped_cache, *OPTIONS[request.param].split()]
    if request.param == "noisy_student":
        options += ["--teacher", teacher_run / "checkpoints" / "best"]
    return request.getfixturevalue(request.param), options


def name_of(recipe) -> str:
    return Path(recipe.__file__).stem


def of_one(name: str) -> list:
    """Options with which one process does what two do together."""
    if name in EPISODIC:
        return ["--optim.accumulate", 2]
    return ["--train.batch-size", 3, "--optim.accumulate", 2]  # each normalises its half of a batch


def of_two(name: str) -> list:
    return [] if name in EPISODIC else ["--train.batch-size", 6]


def test_two_processes_with_a_compiled_network_learn_as_one_without(recipe, tmp_path, monkeypatch):
    (recipe, options), two = recipe, tmp_path / "two"
    name = name_of(recipe)
    here(recipe, *options, *of_one(name), "--out", tmp_path / "one")
    with monkeypatch.context() as patch:
        patch.setenv("ACCELERATE_DYNAMO_BACKEND", "EAGER")
        torchrun(name, *options, *of_two(name), "--out", two)
    assert_same_curve(tmp_path / "one", two)
    for file in two.rglob("*.safetensors"):
        assert not any("_orig_mod" in key or "module." in key for key in load_file(file)), file
    for checkpoint in ("best", "last"):
        load_checkpoint(two / "checkpoints" / checkpoint)


@pytest.mark.parametrize("before", [1, 2])
def test_a_run_goes_on_with_another_number_of_processes(recipe, tmp_path, before):
    (recipe, options), run = recipe, tmp_path / "run"
    name = name_of(recipe)
    options = [*options, *of_two(name)]
    here(recipe, *options, "--out", tmp_path / "whole")
    state = run / "state" / "state00000001"  # at the end of the first epoch
    if before == 2:
        torchrun(name, *options, "--out", run, kill_after=state)
        here(recipe, *options, "--out", run, "--resume")
    else:
        process = start(recipe, parse(recipe, *options, "--out", run), kill=(1, 0.0))
        process.join()
        assert state.is_dir()
        torchrun(name, *options, "--out", run, "--resume")
    whole, parts = metrics(tmp_path / "whole"), metrics(run)
    assert [line.get("epoch") for line in parts] == [line.get("epoch") for line in whole]
    # The schedule goes on where it was, whoever counts the steps.
    assert [line.get("lr") for line in parts] == pytest.approx([line.get("lr") for line in whole])
    for line, other in zip(parts, whole):
        if "loss" in line:
            assert line["loss"] == pytest.approx(other["loss"], rel=0.5)
