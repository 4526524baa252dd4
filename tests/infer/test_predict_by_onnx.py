"""A prediction by an ONNX file says what the checkpoint says, and needs no PyTorch for its network."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from refused import refused

import vidfer
from vidfer.commands import predict
from vidfer.errors import CheckpointError, SettingError
from vidfer.infer.export_onnx import export_onnx
from vidfer.tables import read_table

EXPRESSIONS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    """The network in the box."""
    path = tmp_path_factory.mktemp("onnx") / "basic7.onnx"
    export_onnx("basic7", path)
    return path


@pytest.fixture(scope="module")
def picture(tmp_path_factory, film_frames) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "two.png"
    cv2.imwrite(str(path), film_frames[30][..., ::-1])
    return path


def frames(folder: Path) -> list[dict]:
    return read_table(folder / "frames.csv", ("input", "label", *EXPRESSIONS))


def test_the_command_gives_the_same_tables(file, picture, tmp_path):
    out = [tmp_path / "torch", tmp_path / "onnx"]
    assert predict.main([str(picture), "--out", str(out[0]), "--tables-only"]) == 0
    assert predict.main([str(picture), "--out", str(out[1]), "--tables-only", "--onnx", str(file)]) == 0
    ours, theirs = (frames(folder) for folder in out)
    assert len(ours) == len(theirs) == 2
    for one, other in zip(ours, theirs):
        assert one["label"] == other["label"] and one["face_px"] == other["face_px"]
        p, q = (np.array([float(row[name]) for name in EXPRESSIONS]) for row in (one, other))
        assert p.sum() == pytest.approx(1, abs=1e-3)
        np.testing.assert_allclose(p, q, atol=1e-4)


def test_python_loads_it_by_its_suffix(file):
    predictor, plain = vidfer.load(file), vidfer.load()
    faces = np.random.default_rng(0).integers(0, 256, (3, 80, 80, 3), dtype=np.uint8)
    assert predictor.classes == plain.classes
    assert predictor.classifier.about["threshold"] == plain.classifier.about["threshold"] == 0.6
    crops = faces.transpose(0, 3, 1, 2)[:, None, None].repeat(3, axis=2)
    seen = np.ones((3, 1), bool)
    found, wanted = (one.classifier.probabilities(crops, seen) for one in (predictor, plain))
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_it_cannot_see_examples_of_own_expressions(file, picture):
    with refused(SettingError, file, "load the network itself"):
        vidfer.load(file).with_support({"pout": [picture]})


def test_the_network_runs_without_pytorch(file):
    program = (
        "import sys, numpy as np\n"
        "from vidfer.infer.onnx_classifier import load_onnx\n"
        "classifier, why = load_onnx(sys.argv[1])\n"
        "crops = np.zeros((1, 2, 3, 3, 80, 80), np.uint8)\n"
        "print(classifier.probabilities(crops, np.ones((1, 2), bool)).sum(), 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, file], capture_output=True, text=True, check=True)
    total, torch_is_here = done.stdout.split()
    assert float(total) == pytest.approx(1, abs=1e-5) and torch_is_here == "False"


def test_only_one_network_can_be_named(file, picture, tmp_path):
    with refused(SettingError, "--onnx", "--checkpoint runs/a"):
        predict.main([str(picture), "--onnx", str(file), "--checkpoint", "runs/a"])
    with refused(SettingError, "--onnx", "--support"):
        predict.main([str(picture), "--onnx", str(file), "--support", str(tmp_path)])
    with refused(SettingError, "--onnx", "net.bin", ".onnx"):
        predict.main([str(picture), "--onnx", "net.bin"])
    with refused(CheckpointError, "none.onnx", "export-onnx"):
        predict.main([str(picture), "--onnx", str(tmp_path / "none.onnx"), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()
