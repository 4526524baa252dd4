"""`vidfer export-onnx`."""

import pytest
import torch
from huggingface_hub import ModelCard
from networks import network
from refused import refused

from vidfer.commands import export_onnx
from vidfer.errors import CheckpointError, SettingError
from vidfer.included import ZOO
from vidfer.infer.onnx_classifier import load_onnx
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint


@pytest.fixture
def run_folder(tmp_path):
    """A run folder, whose best checkpoint is written."""
    torch.manual_seed(0)
    made = build_recogniser(network("resnet18", None, width=4, input_px=32), ("happy", "sad"))
    save_checkpoint(tmp_path / "run" / "checkpoints" / "best", made, {})
    return tmp_path / "run"


def test_it_says_what_the_file_takes_and_how_well_it_agrees(run_folder, tmp_path, capsys):
    out = tmp_path / "new" / "faces.onnx"
    assert export_onnx.main([str(run_folder), "--out", str(out), "--licence", "MIT"]) == 0
    said = capsys.readouterr().out
    assert str(out) in said and "happy, sad" in said and "opset 20" in said and "licence: MIT" in said
    assert "(windows, frames, 1, 3, 32, 32)" in said and "differ by at most" in said
    assert load_onnx(out)[0].classes == ("happy", "sad")
    card = ModelCard.load(out.with_suffix(".md"))
    assert card.data.license == "mit" and card.data.tags == ["facial-expression-recognition", "onnx"]
    assert "(windows, frames, 1, 3, 32, 32)" in card.text and "happy, sad (training)" in card.text
    assert "predict film.mp4 --onnx faces.onnx" in card.text and "Not measured yet" in card.text


def test_the_card_of_an_included_network_lends_its_figures(tmp_path, capsys):
    (tmp_path / "b7.md").write_text("mine")
    with refused(SettingError, "b7.md", "--overwrite"):
        export_onnx.main(["basic7", "--out", str(tmp_path / "b7.onnx")])
    assert not (tmp_path / "b7.onnx").exists()
    assert export_onnx.main(["basic7", "--out", str(tmp_path / "b7.onnx"), "--overwrite"]) == 0
    assert "b7.md" in capsys.readouterr().out
    card, zoo = ModelCard.load(tmp_path / "b7.md"), ModelCard.load(ZOO / "basic7" / "README.md")
    assert card.data.eval_results == zoo.data.eval_results and card.data.datasets == ["fer2013"]
    assert "| 3,515 pictures of other people (images.h5) | classification: WAR | 14.3 | 56.4 %" in card.text
    assert card.data.license == "other" and "The file: The weights are published with vidfer" in card.text


def test_an_existing_file_is_kept_unless_it_may_be_replaced(run_folder, tmp_path):
    out = tmp_path / "faces.onnx"
    out.write_text("mine")
    with refused(SettingError, out, "--overwrite"):
        export_onnx.main([str(run_folder), "--out", str(out)])
    assert out.read_text() == "mine"
    assert export_onnx.main([str(run_folder), "--out", str(out), "--overwrite"]) == 0
    assert load_onnx(out)[0].crop_px == 32
    with refused(SettingError, tmp_path, "folder"):
        export_onnx.main([str(run_folder), "--out", str(tmp_path)])


def test_what_is_no_checkpoint_is_refused(tmp_path):
    with refused(CheckpointError, tmp_path, "basic7"):
        export_onnx.main([str(tmp_path), "--out", str(tmp_path / "a.onnx")])
