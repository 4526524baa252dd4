"""Networks that are included in vidfer, and the tool that includes them."""

import shutil
from pathlib import Path

import include_network
import pytest
import torch
from huggingface_hub import ModelCard
from made_up_results import classification
from networks import network
from refused import refused

from vidfer import included
from vidfer.errors import CheckpointError, DataError, RunError, SettingError
from vidfer.evaluate.find_results import results_folder
from vidfer.included import checkpoint_folder
from vidfer.learn.start import start_from
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import (
    checkpoint_hash,
    load_checkpoint,
    read_seen,
    save_checkpoint,
    trained_classes,
)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder with a zoo of one network, ``tiny``, which is that of the run in ``run``."""
    torch.manual_seed(0)
    recogniser = build_recogniser(network("resnet18", None, width=4, input_px=32), ("happy", "sad"))
    save_checkpoint(tmp_path / "run" / "checkpoints" / "best", recogniser, {"epoch": 3})
    made = include_network.include(tmp_path / "run", tmp_path / "zoo", "tiny")
    assert made == tmp_path / "zoo" / "tiny"
    monkeypatch.setattr(included, "ZOO", tmp_path / "zoo")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_name_stands_for_the_folder(folder):
    assert included.included_networks() == ("tiny",)
    assert checkpoint_folder("tiny") == folder / "zoo" / "tiny"
    model, info = load_checkpoint("tiny")
    assert model.classes == ("happy", "sad") and info == {"epoch": 3}
    assert checkpoint_hash("tiny") == checkpoint_hash(folder / "zoo" / "tiny")
    assert trained_classes("tiny") == ("happy", "sad") == tuple(read_seen("tiny").labels)
    # Not the folder above the present one: that may be a run, with clips of its own.
    assert start_from(Path("tiny")).folder == folder / "zoo" / "tiny"


def test_its_weights_are_those_of_the_run_in_half_precision(folder):
    whole = load_checkpoint(folder / "run" / "checkpoints" / "best")[0].state_dict()
    half = load_checkpoint("tiny")[0].state_dict()
    for name, tensor in whole.items():
        rounded = tensor.half() if tensor.is_floating_point() else tensor
        assert half[name].dtype == tensor.dtype and half[name].equal(rounded.to(tensor.dtype))
    files = [folder / place / "model.safetensors" for place in ("zoo/tiny", "run/checkpoints/best")]
    assert files[0].stat().st_size < 0.6 * files[1].stat().st_size


def test_a_folder_of_the_user_goes_first(folder):
    shutil.copytree(folder / "run" / "checkpoints" / "best", folder / "tiny")
    assert included.checkpoint_folder(Path("tiny")) == Path("tiny")


def test_an_unknown_name_is_told_which_there_are(folder):
    with refused(CheckpointError, "small", "tiny"):
        load_checkpoint("small")


def test_results_are_not_written_into_vidfer(folder, monkeypatch):
    monkeypatch.setattr("vidfer.evaluate.find_results.ZOO", folder / "zoo")
    with refused(RunError, "--checkpoint tiny", "--out"):
        results_folder("tiny")


def test_what_is_too_large_or_has_no_name_is_refused(folder, monkeypatch):
    with refused(SettingError, "--name two words"):
        include_network.include(folder / "run", folder / "zoo", "two words")
    monkeypatch.setattr(include_network, "MAX_BYTES", 1000)
    with refused(DataError, folder / "zoo", "MB"):
        include_network.include(folder / "run", folder / "zoo", "tiny")


def test_the_figures_stand_in_the_metadata_of_the_card_too(tmp_path):
    classification(checkpoint_hash="ef").save(tmp_path / "classification.json")
    about = "---\nlicense: mit\nlibrary_name: vidfer\n---\n\n# tiny\n\nNames two.\n"
    card = include_network.card(about, [tmp_path], "tiny")
    data = ModelCard(card).data
    assert data.license == "mit" and [one.metric_value for one in data.eval_results] == [0.8, 0.7]
    assert card.count("# tiny\n") == 1 and "| classification: WAR | 14.3 | 80.0 %" in card
    assert include_network.card("# tiny\n", [tmp_path], "tiny").startswith("# tiny\n")


@pytest.mark.parametrize("name", included.included_networks())
def test_every_included_network_loads_and_has_a_card(name):
    model, _ = load_checkpoint(name)
    assert all(tensor.isfinite().all() for tensor in model.state_dict().values())
    card = (included.ZOO / name / "README.md").read_text(encoding="utf-8")
    assert {"## Data", "## Licences", "## Limits", "## Figures"} <= {*card.splitlines()}
    assert sum(file.stat().st_size for file in included.ZOO.rglob("*")) < include_network.MAX_BYTES
