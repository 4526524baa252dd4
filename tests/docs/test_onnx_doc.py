"""The program of docs/onnx.md gives what vidfer gives."""

import re
from pathlib import Path

import numpy as np
import pytest

from vidfer.infer.export_onnx import export_onnx
from vidfer.infer.onnx_classifier import load_onnx

PAGE = Path(__file__).resolve().parents[2] / "docs" / "onnx.md"


def test_the_program_of_the_page(tmp_path, monkeypatch):
    export_onnx("basic7", tmp_path / "faces.onnx")
    monkeypatch.chdir(tmp_path)
    (program,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    names: dict = {}
    exec(program, names)
    classifier, _ = load_onnx(tmp_path / "faces.onnx")
    assert tuple(names["classes"]) == classifier.classes and names["crops"].shape == (1, 8, 1, 3, 80, 80)
    expected = classifier.probabilities(np.zeros((1, 8, 3, 3, 80, 80), np.uint8), np.ones((1, 8), bool))
    assert names["probabilities"] == pytest.approx(expected, abs=1e-6)
