"""What an ONNX file of vidfer says about itself, and what it may hold."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from vidfer.crops import REGIONS
from vidfer.errors import CheckpointError, MissingPackageError

FORMAT = "vidfer-onnx 1"
CROPS, FRAME_MASK, LOGITS = "crops", "frame_mask", "logits"
"""Names of both inputs and of the output."""
OPSET = 20
"""Version of ONNX's operators; onnxruntime has it from 1.17 on."""
NEVER_WRITTEN = ("If", "Loop", "Scan", "Optional", "SequenceConstruct")
"""Operators that decide what runs. No file of vidfer has them; with them, a file could run for ever."""


@dataclass(frozen=True, kw_only=True)
class OnnxFacts:
    """What must be known beside the network to use it. In the file each is an entry of the metadata."""

    classes: tuple[str, ...]
    """Expressions, in the order of the output."""
    regions: tuple[str, ...]
    """The regions that the input ``crops`` has, in this order."""
    crop_px: int
    """Side of the crops."""
    crop: dict[str, Any]
    """How vidfer cuts them: ``face_side``, ``eyes_side``, ``mouth_side`` and ``enhance`` of
    :class:`vidfer.crops.settings.CropSettings`."""
    calibration: dict[str, Any] | None
    """See :class:`vidfer.infer.selective.Calibration`."""
    checkpoint_hash: str
    """Of the checkpoint that became this file."""
    seen: dict[str, Any]
    """The expression labels that the weights have seen, as in a checkpoint."""
    licence: str
    """Under which terms the weights may be used, as far as it is known."""


def onnx_library(what_for: str) -> ModuleType:
    """The package ``onnx``.

    Args:
        what_for: what needs it, for the message.

    Raises:
        MissingPackageError: it is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingPackageError(f"{what_for} needs onnx: pip install 'vidfer[onnx]'") from error
    return onnx


def runtime_library(what_for: str) -> ModuleType:
    """The package ``onnxruntime``; as :func:`onnx_library`."""
    try:
        import vidfer.no_telemetry  # noqa: F401, I001  # first
        import onnxruntime
    except ImportError as error:
        raise MissingPackageError(f"{what_for} needs onnxruntime: pip install 'vidfer[onnx]'") from error
    return onnxruntime


def with_facts(model: Any, facts: OnnxFacts) -> bytes:
    """An ONNX model with the facts in its metadata, as the bytes of a file."""
    entries = {"format": FORMAT, "weights_sha256": weights_hash(model)}
    entries |= {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in vars(facts).items()
    }
    model.producer_name = "vidfer"
    del model.metadata_props[:]
    for name, value in entries.items():
        model.metadata_props.add(key=name, value=value)
    return model.SerializeToString()


def read_model(path: Path) -> tuple[bytes, OnnxFacts]:
    """The bytes of an ONNX file that ``vidfer export-onnx`` wrote, and what it says about itself.

    Raises:
        CheckpointError: there is no such file, it is damaged, or vidfer did not write it.
        MissingPackageError: onnx is not installed.
    """
    onnx = onnx_library(f"reading {path}")
    if not path.is_file():
        raise CheckpointError(f"there is no file {path}; write one with `vidfer export-onnx RUN --out FILE`")
    content = path.read_bytes()
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # the errors of protobuf have no common base
        raise CheckpointError(
            f"{path} is damaged or is no ONNX file; write it again with `vidfer export-onnx`"
        ) from error
    known = {entry.key: entry.value for entry in model.metadata_props}
    if known.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} is an ONNX file, but not one of `vidfer export-onnx` ({FORMAT}): it does not say which "
            "classes and crops it has"
        )
    if fault := _fault(model):
        raise CheckpointError(f"{path} {fault}, which no file of `vidfer export-onnx` has; do not use it")
    if known.get("weights_sha256") != weights_hash(model):
        raise CheckpointError(f"the weights in {path} are damaged; write it again with `vidfer export-onnx`")
    try:
        return content, _facts(known)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(
            f"the metadata of {path} are damaged ({error}); write it again with `vidfer export-onnx`"
        ) from error


def weights_hash(model: Any) -> str:
    """SHA-256 over all weights of a model and the order of its operators."""
    digest = hashlib.sha256()
    for tensor in sorted(model.graph.initializer, key=lambda one: one.name):
        digest.update(f"{tensor.name} {tensor.data_type} {list(tensor.dims)}".encode())
        digest.update(tensor.raw_data)
    for node in model.graph.node:
        digest.update(f"{node.op_type} {list(node.input)} {list(node.output)}".encode())
        for attribute in node.attribute:
            digest.update(attribute.name.encode() + attribute.t.raw_data)
    return digest.hexdigest()


def _fault(model: Any) -> str:
    """What a model has that no file of vidfer has, in words; empty for a good one."""
    if any(tensor.data_location or tensor.external_data for tensor in model.graph.initializer):
        return "takes weights from other files"
    if model.functions or any(node.domain not in ("", "ai.onnx") for node in model.graph.node):
        return "has operators of its own"
    if used := sorted({node.op_type for node in model.graph.node} & set(NEVER_WRITTEN)):
        return f"has the operator {used[0]}"
    return ""


def _facts(known: dict[str, str]) -> OnnxFacts:
    found = {
        name: known[name] if kind == "str" else json.loads(known[name])
        for name, kind in OnnxFacts.__annotations__.items()
    }
    for name in ("classes", "regions"):
        if not (isinstance(found[name], list) and all(isinstance(one, str) for one in found[name])):
            raise ValueError(f"{name} is no list of names")
        found[name] = tuple(found[name])
    if not found["classes"] or len(set(found["classes"])) < len(found["classes"]):
        raise ValueError("classes are missing or repeat")
    if not found["regions"] or found["regions"] != tuple(r for r in REGIONS if r in found["regions"]):
        raise ValueError("unknown regions")
    if type(found["crop_px"]) is not int or not 1 <= found["crop_px"] <= 4096:
        raise ValueError(f"crops of {found['crop_px']} pixels")
    for name in ("crop", "seen"):
        if not isinstance(found[name], dict):
            raise ValueError(f"{name} is no table")
    return OnnxFacts(**found)
