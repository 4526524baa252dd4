"""The tool that writes into a checkpoint how often it is right, and what the included network has."""

import json
from pathlib import Path

import calibrate_network
import numpy as np
import pytest
import torch
from networks import network
from refused import refused
from striped_cache import CLASSES, write_striped_cache

from vidfer.commands import inspect
from vidfer.errors import DataError
from vidfer.infer.predict import Predictions
from vidfer.infer.selective import Calibration, choose_threshold, read_calibration
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import checkpoint_hash, load_checkpoint, save_checkpoint


@pytest.fixture
def folder(tmp_path) -> Path:
    torch.manual_seed(0)
    made = build_recogniser(network("resnet18", None, width=4, input_px=32), CLASSES)
    save_checkpoint(tmp_path / "net", made.half(), {"epoch": 3})
    return tmp_path / "net"


def run(*arguments) -> None:
    checkpoint, caches, checks = arguments
    calibrate_network.main(
        calibrate_network.Settings(checkpoint=checkpoint, caches=caches, checks=checks, check_frames=2)
    )


def test_the_counts_go_into_the_checkpoint_and_all_else_stays(folder, tmp_path, capsys):
    cache = write_striped_cache(tmp_path / "val.h5", {"val": 40, "train": 3})
    other = write_striped_cache(tmp_path / "other.h5", {"test": 5, "unlabelled": 2})
    before, weights = checkpoint_hash(folder), (folder / "model.safetensors").read_bytes()
    run(folder, (cache.path,), (other.path,))
    config = json.loads((folder / "config.json").read_text())
    assert config["info"]["epoch"] == 3 and checkpoint_hash(folder) == before
    assert (folder / "model.safetensors").read_bytes() == weights
    known = read_calibration(load_checkpoint(folder)[1], folder)
    assert known.clips == known.answered[0] == 120
    assert torch.is_grad_enabled()  # also what comes after it in the same process can learn
    shown = capsys.readouterr().out
    assert choose_threshold(known)[1] in shown and "| other.h5 | 15 |" in shown
    assert shown.rstrip().splitlines()[-5].startswith("| label |")


def test_the_answers_of_each_label_are_counted():
    sure, unsure = [0.9, 0.05, 0.05], [0.5, 0.3, 0.2]
    shown = np.array([sure, sure, unsure, sure[::-1], sure])
    found = Predictions(np.arange(5), shown, np.array([0, 1, 0, 2, 0]), np.array([True] * 4 + [False]))
    plain = Calibration(temperature=1.0, clips=5, thresholds=(0.0,), answered=(5,), right=(3,))
    rows = calibrate_network.by_label(plain, 0.6, found, CLASSES)
    assert [row[:3] for row in rows] == [
        [CLASSES[0], "3", "2"],  # one is unsure, of one there is no face
        [CLASSES[1], "1", "0"],
        [CLASSES[2], "1", "1"],
    ]
    assert rows[0][3].startswith("50.0 %") and rows[1][3] == "none" and rows[2][3].startswith("100.0 %")


def test_without_clips_or_with_few_nothing_is_written(folder, tmp_path):
    few = write_striped_cache(tmp_path / "few.h5", {"val": 4})
    before = (folder / "config.json").read_text()
    with refused(DataError, "too few", "--caches"):
        run(folder, (few.path,), ())
    none = write_striped_cache(tmp_path / "none.h5", {"train": 4})
    with refused(DataError, "split val", "none.h5", "angry"):
        run(folder, (none.path,), ())
    assert (folder / "config.json").read_text() == before


def test_the_included_network_answers_where_four_of_five_are_right():
    known = read_calibration(load_checkpoint(Path("basic7"))[1], "basic7")
    threshold = known.threshold_for()
    assert choose_threshold(known)[0] == threshold == 0.6
    place = known.thresholds.index(threshold)
    assert known.accuracy(place) >= 0.8 > known.accuracy(place - 1) and known.clips == 5916


def test_inspect_tells_it(folder, tmp_path, capsys):
    assert inspect.main([str(folder)]) == 0
    assert "not calibrated" in capsys.readouterr().out
    run(folder, (write_striped_cache(tmp_path / "val.h5", {"val": 40}).path,), ())
    known = read_calibration(load_checkpoint(folder)[1], folder)
    capsys.readouterr()
    assert inspect.main([str(folder)]) == 0
    assert f"answers    {choose_threshold(known)[1]}" in capsys.readouterr().out
    headless = build_recogniser(network("resnet18", width=4, input_px=32, head="prototype"), ())
    save_checkpoint(tmp_path / "head", headless, {})
    assert inspect.main([str(tmp_path / "head")]) == 0
    assert "answers" not in capsys.readouterr().out
