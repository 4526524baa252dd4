"""Writes the classifier of a checkpoint as an ONNX file, and proves that the file gives the same."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vidfer.crops.settings import CropSettings
from vidfer.errors import CheckpointError
from vidfer.files import write_bytes
from vidfer.included import ZOO, checkpoint_folder
from vidfer.infer.classifier import crop_size_of
from vidfer.infer.onnx_classifier import run, start_session
from vidfer.infer.onnx_file import (
    CROPS,
    FRAME_MASK,
    LOGITS,
    OPSET,
    OnnxFacts,
    onnx_library,
    runtime_library,
    with_facts,
)
from vidfer.infer.selective import read_calibration
from vidfer.models.checkpoint import checkpoint_hash, load_checkpoint, read_seen
from vidfer.models.onnx_operators import antialiased_resizing
from vidfer.models.recogniser import Recogniser

AGREE = 1e-4
"""Largest difference of a logit between PyTorch and the file; of logits above 1, of their size."""
SHAPES = ((1, 1), (2, 3), (3, 5), (1, 16), (4, 1))
"""Windows and frames with which both are compared."""
CROP_FACTS = ("face_side", "eyes_side", "mouth_side", "enhance")
NO_LICENCE = "not stated; it depends on whoever trained the network and on the data that it learned from"


@dataclass(frozen=True)
class WrittenOnnx:
    """What :func:`export_onnx` wrote."""

    facts: OnnxFacts
    n_bytes: int
    difference: float
    """The largest difference of a logit that was found, as for :data:`AGREE`."""


def export_onnx(model: Path | str, out: Path, *, licence: str = "") -> WrittenOnnx:
    """Write the classifier of a checkpoint as an ONNX file with a free number of windows and frames.

    The file is written only if onnxruntime gives the same logits as PyTorch, for several numbers of windows
    and frames, and with frames that show no face.

    Args:
        model: an included network, a run folder (its best checkpoint), or a checkpoint.
        out: the file.
        licence: under which terms the weights may be used; by default what the card of an included network
            says.

    Raises:
        CheckpointError: there is no checkpoint, it has no classifier, or its network cannot be written.
        MissingPackageError: onnx or onnxruntime is not installed.
        DiskError: the disk is full.
    """
    onnx = onnx_library("vidfer export-onnx")
    runtime_library("vidfer export-onnx")
    folder = checkpoint_folder(Path(model))
    network, info = load_checkpoint(folder)
    if network.classifier is None:
        raise CheckpointError(
            f"{model} has no classifier, only a few-shot head: there are no classes to write. Train one with "
            "`vidfer train supervised --init`"
        )
    facts = facts_of(network, info, folder, licence)
    content = with_facts(onnx.load_model_from_string(_graph(network, facts, model)), facts)
    difference = compare(network, content, facts, Path(model))
    if difference > AGREE:
        raise CheckpointError(
            f"{_encoder(network, model)} gives other results as ONNX (a difference of {difference:.2g}, and "
            f"{AGREE:g} is the limit), so nothing was written; predict with --checkpoint {model} instead"
        )
    write_bytes(out, content)
    return WrittenOnnx(facts, len(content), difference)


def facts_of(network: Recogniser, info: dict, folder: Path, licence: str) -> OnnxFacts:
    """What the file says about a network, from its checkpoint."""
    calibration, crop = read_calibration(info, folder), CropSettings()
    return OnnxFacts(
        classes=network.classes,
        regions=tuple(network.encoder.regions),
        crop_px=crop_size_of(network.settings.encoder),
        crop={name: getattr(crop, name) for name in CROP_FACTS},
        calibration=calibration.record() if calibration else None,
        checkpoint_hash=checkpoint_hash(folder),
        seen=read_seen(folder).record(),
        licence=licence or _licence_on_card(folder) or NO_LICENCE,
    )


def compare(network: Recogniser, content: bytes, facts: OnnxFacts, path: Path) -> float:
    """The largest difference of a logit between a network and its ONNX file, over :data:`SHAPES`.

    Frames without a face have other pixels than zero there, which must change nothing.

    Args:
        network: in evaluation mode, on the CPU.
        content: the bytes of the file.
        facts: what it says about itself.
        path: for messages.
    """
    session, rng, largest = start_session(content, path), np.random.default_rng(0), 0.0
    for windows, frames in SHAPES:
        shape = (windows, frames, len(facts.regions), 3, facts.crop_px, facts.crop_px)
        crops = rng.integers(0, 256, shape, dtype=np.uint8)
        some = rng.random((windows, frames)) < 0.6
        some[:, 0] |= ~some.any(axis=1)
        for mask in (np.ones_like(some), some):
            with torch.inference_mode():
                wanted = network(torch.from_numpy(crops), torch.from_numpy(mask)).numpy()
            found = run(session, crops, mask, path)
            if found.shape != wanted.shape or not np.isfinite(found).all():
                return float("inf")
            largest = max(largest, float((np.abs(found - wanted) / np.maximum(1, np.abs(wanted))).max()))
    return largest


def _graph(network: Recogniser, facts: OnnxFacts, model: Path | str) -> bytes:
    """The network as the bytes of an ONNX model, without facts."""
    crops = torch.zeros(2, 3, len(facts.regions), 3, facts.crop_px, facts.crop_px, dtype=torch.uint8)
    mask = torch.tensor([[True, False, True], [True, True, True]])
    written = io.BytesIO()
    free = {CROPS: {0: "B", 1: "T"}, FRAME_MASK: {0: "B", 1: "T"}, LOGITS: {0: "B"}}
    try:
        with _quiet(), torch.inference_mode(), antialiased_resizing():
            torch.onnx.export(
                network,
                (crops, mask),
                written,
                input_names=[CROPS, FRAME_MASK],
                output_names=[LOGITS],
                dynamic_axes=free,
                opset_version=OPSET,
                dynamo=False,  # the other exporter needs a further package
            )
    except (torch.onnx.errors.OnnxExporterError, RuntimeError, TypeError, ValueError) as error:
        why = " ".join(str(error).split(". ")[0].split())[:160]
        raise CheckpointError(
            f"{_encoder(network, model)} cannot be written as ONNX ({why}); predict with --checkpoint "
            f"{model} instead"
        ) from error
    return written.getvalue()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings about Python numbers in the traced network: :func:`compare` tells if they matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _encoder(network: Recogniser, model: Any) -> str:
    return f"{model}: its encoder {network.settings.encoder.title}"


def _licence_on_card(folder: Path) -> str:
    """What the card of an included network says about licences; empty for a user's own."""
    card = folder / "README.md"
    if folder.parent != ZOO or not card.is_file():
        return ""
    _, found, after = card.read_text(encoding="utf-8").partition("## Licences\n")
    return " ".join(after.split("\n## ")[0].split()) if found else ""
