"""The end of an epoch: which checkpoints are kept, what is logged and saved, and the line for people."""

import json
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from networks import network
from torch.optim.lr_scheduler import ConstantLR
from torch.utils.data import DataLoader

from vidfer.learn.epoch import Epoch
from vidfer.learn.finish_epoch import finish_epoch
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import load_checkpoint
from vidfer.models.recogniser import Recogniser
from vidfer.runs.run_folder import RunFolder
from vidfer.runs.settings import RunSettings

MEANS = {"loss": 0.5, "waiting": 0.25}


@pytest.fixture
def run(tmp_path) -> RunFolder:
    settings = RunSettings(cache=Path("a.h5"), out=tmp_path / "run", tracker="none")
    return RunFolder(settings, Accelerator(cpu=True))


@pytest.fixture(scope="module")
def model() -> Recogniser:
    return build_recogniser(network(width=4))


def finish(
    run: RunFolder,
    model: Recogniser,
    progress: dict,
    number: int,
    uar: float | None,
    *,
    validated=True,
    **more,
) -> str:
    epoch = Epoch(run.accelerator.prepare(DataLoader(range(2))), run, number - 1, progress)
    scores = {"val_uar": uar, "val_war": uar} if validated else {}
    place = {"epoch": number}
    schedule = ConstantLR(torch.optim.SGD(model.parameters(), lr=0.1), factor=1.0)
    return finish_epoch(epoch, model, MEANS, scores, schedule, place=place, info={"cache_hash": "c"}, **more)


def epoch_of(run: RunFolder, checkpoint: str) -> int:
    return load_checkpoint(run.path / "checkpoints" / checkpoint)[1]["epoch"]


def test_the_best_checkpoint_is_the_later_one_of_equals(run, model):
    progress = {"epoch": 0, "best": -1.0}
    kept = []
    for number, uar in enumerate((0.3, 0.5, 0.4, 0.5, 0.2), start=1):
        finish(run, model, progress, number, uar)
        kept.append(epoch_of(run, "best"))
        assert epoch_of(run, "last") == number
    assert kept == [1, 2, 2, 4, 4]
    assert progress == {"epoch": 5, "best": 0.5} and run.progress() == progress


def test_what_is_written_down(run, model):
    line = finish(run, model, {"best": -1.0}, 1, 0.4, also=["joint"], details={"learner": "both"})
    assert line == "loss 0.5000, validation UAR 40.0 %, WAR 40.0 %; waiting for data 25.0 % of the time"
    assert json.loads((run.path / "metrics.jsonl").read_text()) == {
        "epoch": 1,
        "learner": "both",
        "loss": 0.5,
        "waiting": 0.25,
        "val_uar": 0.4,
        "val_war": 0.4,
        "lr": 0.1,
    }
    _, info = load_checkpoint(run.path / "checkpoints" / "joint")
    assert info == {"cache_hash": "c", "epoch": 1, "val_uar": 0.4, "val_war": 0.4}


def test_without_validation_the_last_epoch_is_the_best(run, model):
    progress = {"best": -1.0}
    for number in (1, 2):
        line = finish(run, model, progress, number, None)
        assert epoch_of(run, "best") == number
    assert line == "loss 0.5000; waiting for data 25.0 % of the time"


def test_an_epoch_that_was_not_validated_cannot_be_the_best(run, model):
    progress = {"best": -1.0}
    line = finish(run, model, progress, 1, 0.9, validated=False)
    assert line == "loss 0.5000; waiting for data 25.0 % of the time"
    assert not (run.path / "checkpoints" / "best").exists() and epoch_of(run, "last") == 1
    finish(run, model, progress, 2, 0.3)
    finish(run, model, progress, 3, 0.9, validated=False)
    assert (epoch_of(run, "best"), epoch_of(run, "last")) == (2, 3)


def test_a_round_has_a_best_checkpoint_of_its_own(run, model):
    progress = {"best": -1.0, "best_of_all": 0.6}
    finish(run, model, progress, 1, 0.5, best={"round2": "best", "best": "best_of_all"})
    assert epoch_of(run, "round2") == 1 and not (run.path / "checkpoints" / "best").exists()
    finish(run, model, progress, 2, 0.7, best={"round2": "best", "best": "best_of_all"})
    assert (progress["best"], progress["best_of_all"], epoch_of(run, "best")) == (0.7, 0.7, 2)
