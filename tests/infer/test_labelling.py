"""A teacher's work outlives a kill, and does not depend on who shares it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from networks import network
from refused import refused

from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
from vidfer.errors import RunError
from vidfer.infer.iterate import iterate_batches
from vidfer.infer.labelling import COLUMNS, label_clips, read_predictions
from vidfer.infer.predict import predict
from vidfer.models.build import build_recogniser

CLIPS = list(range(3, 40))

WORKER = Path(__file__).with_name("label_and_die.py")


def teacher():
    torch.manual_seed(0)
    return build_recogniser(network(width=4, head=None), ["angry", "happy", "sad"]).eval()


def label(cache: Path, file: Path, key: str = "me", **options):
    clips = ClipDataset(cache, CLIPS, n_frames=2)
    return label_clips(teacher(), clips, file, Accelerator(cpu=True), key=key, batch_size=4, **options)


def assert_equal(one, other):
    for name in COLUMNS:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name  # to the last bit


def run(arguments: list, processes: int) -> int:
    launch = ["-m", "torch.distributed.run", "--nproc_per_node", str(processes)]
    environment = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, *launch, WORKER, *map(str, arguments)], env=environment).returncode


@pytest.fixture(autouse=True)
def one_thread():
    """As in the other processes: on another number of threads other bits come out."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_clips_get_what_the_teacher_says(striped_cache, tmp_path):
    steps = []
    found = label(striped_cache, tmp_path / "all.safetensors", progress=lambda *step: steps.append(step))
    loader = build_loader(ClipDataset(striped_cache, CLIPS, n_frames=2), 4)
    assert_equal(found, predict(teacher(), iterate_batches(loader, "cpu")))
    assert found.clips.tolist() == CLIPS and steps[-1] == (10, 10)
    # What is there is not asked again.
    again = label(striped_cache, tmp_path / "all.safetensors", progress=lambda *step: steps.append(step))
    assert_equal(found, again)
    assert len(steps) == 10 and [file.name for file in tmp_path.iterdir()] == ["all.safetensors"]


def test_after_a_kill_only_what_is_missing_is_labelled(striped_cache, tmp_path):
    file, steps = tmp_path / "killed.safetensors", []
    assert run([striped_cache, file, 3, tmp_path / "asked"], 2) != 0
    kept = sorted(file.with_suffix(".parts").glob("*.safetensors"))
    assert not file.exists() and 2 <= len(kept) < 10

    # One process finishes what two began.
    found = label(striped_cache, file, progress=lambda *step: steps.append(step))
    assert_equal(found, label(striped_cache, tmp_path / "whole.safetensors"))
    assert steps[-1] == (10 - len(kept), 10 - len(kept))
    assert sorted(path.name for path in tmp_path.iterdir() if "asked" not in path.name) == [
        "killed.safetensors",
        "whole.safetensors",
    ]


def test_two_processes_label_as_one(striped_cache, tmp_path):
    one = label(striped_cache, tmp_path / "one.safetensors")
    assert run([striped_cache, tmp_path / "two.safetensors", 0, tmp_path / "asked"], 2) == 0
    assert_equal(one, read_predictions(tmp_path / "two.safetensors", "me"))
    shares = [len(file.read_text().split()) for file in tmp_path.glob("asked*")]
    assert sorted(shares) == [17, 20]  # 10 batches, of which the last has one clip


def test_labels_of_another_teacher_are_refused(striped_cache, tmp_path):
    file = tmp_path / "all.safetensors"
    label(striped_cache, file)
    with refused(RunError, "all.safetensors", "--out"):
        label(striped_cache, file, key="you")
    file.write_bytes(file.read_bytes()[:-9])
    with refused(RunError, "all.safetensors"):
        label(striped_cache, file)
