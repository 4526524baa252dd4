"""ONNX Runtime reports nothing to its maker, neither in commands nor in Python."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("onnxruntime")

AS_PYTHON = "from vidfer.infer.onnx_file import runtime_library; runtime_library('a test')"
AS_COMMAND = "import vidfer.commands.main, onnxruntime"
UNSET = ("ORT_DISABLE_TELEMETRY", "CI")
"""The second one also turns the reports off, and is set where tests usually run."""


@pytest.mark.parametrize("code", [AS_PYTHON, AS_COMMAND])
def test_onnxruntime_reports_nothing(code, tmp_path):
    """Where it would, it leaves a file about the session among temporary ones as soon as it is imported."""
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    environment = kept | {"TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert not [*tmp_path.iterdir()]
