"""Runs a classifier that was written as ONNX, without PyTorch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from vidfer.crops import REGIONS
from vidfer.errors import CheckpointError
from vidfer.infer.onnx_file import CROPS, FRAME_MASK, LOGITS, OnnxFacts, read_model, runtime_library
from vidfer.infer.selective import WANTED, about_network, read_calibration


class OnnxClassifier:
    """An ONNX file as a :class:`vidfer.infer.classifier.Classifier`."""

    def __init__(self, path: Path, session: Any, facts: OnnxFacts, about: dict, temperature: float) -> None:
        """
        Args:
            path: of the file, for messages.
            session: of onnxruntime, with the inputs and the output that :func:`load_onnx` checks.
            facts: what the file says about itself.
            about: see :class:`vidfer.infer.classifier.Classifier`.
            temperature: the logits are divided by it.
        """
        self.path, self.session, self.facts = path, session, facts
        self.about, self.temperature = about, temperature
        self.classes, self.regions, self.crop_px = facts.classes, facts.regions, facts.crop_px

    def probabilities(self, crops: np.ndarray, frame_mask: np.ndarray) -> np.ndarray:
        """See :meth:`vidfer.infer.classifier.Classifier.probabilities`."""
        seen = crops[:, :, [REGIONS.index(region) for region in self.regions]]
        logits = run(self.session, seen, frame_mask, self.path).astype(np.float64) / self.temperature
        if logits.shape != (len(crops), len(self.classes)) or not np.isfinite(logits).all():
            raise CheckpointError(
                f"{self.path} gave {logits.shape} numbers, or some that are not finite, for {len(crops)} "
                f"windows of {len(self.classes)} classes; write it again with `vidfer export-onnx`"
            )
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def load_onnx(path: Path | str, *, accuracy: float = WANTED) -> tuple[OnnxClassifier, str]:
    """Load a file that ``vidfer export-onnx`` wrote.

    An ONNX file is a program, though in a small language. Use files of people that you trust.

    Args:
        path: of the file.
        accuracy: the share (0..1) of its answers that shall be right, see :mod:`vidfer.infer.selective`.

    Returns:
        The classifier, and a sentence about its threshold.

    Raises:
        CheckpointError: there is no such file, it is damaged, or vidfer did not write it.
        MissingPackageError: onnx or onnxruntime is not installed.
    """
    path = Path(path)
    content, facts = read_model(path)
    session = start_session(content, path)
    _check_ports(session, facts, path)
    calibration = read_calibration({"calibration": facts.calibration}, path)
    found = facts.checkpoint_hash
    about = about_network(str(path), "onnx", found, facts.classes, calibration, accuracy)
    temperature = calibration.temperature if calibration else 1.0
    return OnnxClassifier(path, session, facts, about, temperature), about["threshold_says"]


def start_session(content: bytes, path: Path) -> Any:
    """A session of onnxruntime on the CPU, with as many threads as ``OMP_NUM_THREADS`` says.

    Args:
        content: the bytes of the file, so that nothing beside it is read.
        path: of the file, for the message.

    Raises:
        CheckpointError: onnxruntime cannot load it.
        MissingPackageError: onnxruntime is not installed.
    """
    onnxruntime = runtime_library(f"running {path}")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is told once, as an error
    threads = os.environ.get("OMP_NUM_THREADS", "")
    options.intra_op_num_threads = int(threads) if threads.isdecimal() else 0
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no common base of its errors
        raise CheckpointError(
            f"onnxruntime {onnxruntime.__version__} cannot load {path} ({_first_line(error)}); write it "
            "again with `vidfer export-onnx`, or install a newer onnxruntime"
        ) from error


def run(session: Any, crops: np.ndarray, frame_mask: np.ndarray, path: Path) -> np.ndarray:
    """Logits (B, C) of windows.

    Args:
        session: of onnxruntime.
        crops: uint8 (B, T, R, 3, S, S) of the regions that the file has.
        frame_mask: bool (B, T).
        path: of the file, for the message.

    Raises:
        CheckpointError: onnxruntime cannot run it.
    """
    given = {CROPS: np.ascontiguousarray(crops), FRAME_MASK: np.ascontiguousarray(frame_mask)}
    try:
        return session.run([LOGITS], given)[0]
    except Exception as error:  # onnxruntime has no common base of its errors
        raise CheckpointError(
            f"{path} cannot be run on {len(crops)} windows of {crops.shape[1]} frames "
            f"({_first_line(error)}); write it again with `vidfer export-onnx`"
        ) from error


def _check_ports(session: Any, facts: OnnxFacts, path: Path) -> None:
    """Raise a CheckpointError unless a session has the inputs and the output that the facts tell."""
    size = [len(facts.regions), 3, facts.crop_px, facts.crop_px]
    wanted = {
        CROPS: ("tensor(uint8)", size),
        FRAME_MASK: ("tensor(bool)", []),
        LOGITS: ("tensor(float)", None),
    }
    ports = [*session.get_inputs(), *session.get_outputs()]
    found = {port.name: (port.type, port.shape[2:] if port.name != LOGITS else None) for port in ports}
    if found != wanted or len(ports) != len(wanted):
        raise CheckpointError(
            f"{path} has the inputs and outputs {found}, and its metadata tell {wanted}; write it again with "
            "`vidfer export-onnx`"
        )


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
