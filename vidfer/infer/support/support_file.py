"""Own expressions as one file, to be used again and shared. It holds numbers and names, no pictures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

import vidfer
from vidfer.errors import CheckpointError
from vidfer.files import replace_durably, writing
from vidfer.infer.support.calibration import Calibration
from vidfer.infer.support.candidates import Candidate, Fitted
from vidfer.infer.support.encoder_parts import CHECKPOINT, EncoderPart, open_part
from vidfer.infer.support.heads import HEADS
from vidfer.infer.support.learn_head import LearnedHead
from vidfer.infer.support.learn_support import Support
from vidfer.infer.support.settings import SupportSettings
from vidfer.infer.support.standardise import Standardised
from vidfer.reachable import check_reachable

SUFFIX = ".vidfer"
FORMAT, VERSION = "vidfer-support", 1
KEPT_SETTINGS = ("window_s", "step_s", "frames", "windows")
"""Not the names of the networks, which may be folders of this machine."""

LEARN_AGAIN = "learn it again with `vidfer learn`"


def save_support(path: Path, support: Support) -> str:
    """Write a file of own expressions, whole or not at all, and return its hash.

    It names no file or person: of the examples it keeps how many there are.

    Raises:
        DiskError: the disk is full.
    """
    tensors, text = _content(support)
    found = _hash(tensors, text)
    metadata = {"format": FORMAT, "version": str(VERSION), "about": text, "sha256": found}
    temporary = path.with_name(path.name + ".tmp")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, temporary, metadata=metadata)
        replace_durably(temporary, path)
    return found


def support_hash(support: Support) -> str:
    """The hash that a file of them would have."""
    return _hash(*_content(support))


def _content(support: Support) -> tuple[dict[str, np.ndarray], str]:
    """The tensors and the description, as JSON."""
    head = support.head
    tensors = {f"head.{name}": array for name, array in head.fitted.state.items()}
    tensors |= {"origin": head.fitted.standardised.origin, "scale": head.fitted.standardised.scale}
    about = {
        "vidfer": vidfer.__version__,
        "classes": list(support.classes),
        "head": head.candidate.head,
        "view": list(head.candidate.view),
        "calibration": asdict(head.calibration),
        "networks": [{"name": p.name, "kind": p.kind, "hash": p.hash} for p in support.parts],
        "crop_px": support.crop_px,
        "settings": {name: getattr(support.settings, name) for name in KEPT_SETTINGS},
        "expected": support.expected,
    }
    tensors = {name: np.ascontiguousarray(array, np.float32) for name, array in tensors.items()}
    return tensors, json.dumps(about, sort_keys=True)


def load_support(path: Path, checkpoint: Path | None = None, device: str = "cpu") -> tuple[Support, str]:
    """Own expressions from a file, with their networks, and the hash of the file.

    Args:
        path: what ``vidfer learn --out`` wrote.
        checkpoint: the folder of the user's own network, if the file was learned with one.
        device: where the networks run.

    Raises:
        CheckpointError: the file is missing, damaged, of a newer vidfer, or needs a network that is not here
            or another one.
    """
    tensors, about, found = _read(Path(path))
    try:
        parts = tuple(_open(one, checkpoint, path, device) for one in about["networks"])
        support = _support(tensors, about, parts)
        _check(support, path)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise CheckpointError(f"{path} is damaged ({error!r}); copy it again, or {LEARN_AGAIN}") from error
    return support, found


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any], str]:
    """The tensors and the description in a file, after its hash was checked."""
    if not path.is_file():
        check_reachable(path)
        raise CheckpointError(f"there is no file {path}; name one that `vidfer learn --out` wrote")
    try:
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"{path} is no file of own expressions, or it is damaged ({error}); name one that `vidfer learn "
            "--out` wrote"
        ) from error
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} holds no own expressions (its format is {metadata.get('format')!r}); name a file that "
            "`vidfer learn --out` wrote"
        )
    if metadata.get("version") != str(VERSION):
        raise CheckpointError(
            f"{path} has version {metadata.get('version')} of its format, and vidfer {vidfer.__version__} "
            f"reads version {VERSION}: install a newer vidfer, or {LEARN_AGAIN}"
        )
    found = _hash(tensors, metadata.get("about", ""))
    if metadata.get("sha256") != found:
        raise CheckpointError(
            f"{path} is damaged: its content has another SHA-256 ({found[:9]}...) than it says; copy it "
            f"again, or {LEARN_AGAIN}"
        )
    try:
        about = json.loads(metadata["about"])
    except (ValueError, KeyError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); copy it again, or {LEARN_AGAIN}") from error
    return tensors, about, found


def _open(network: Mapping[str, str], checkpoint: Path | None, path: Path, device: str) -> EncoderPart:
    """A network that the file names, which must be the very same."""
    name, is_own = network["name"], network["kind"] == CHECKPOINT
    if is_own and checkpoint is None:
        raise CheckpointError(
            f"{path} was learned with a checkpoint of its maker (hash {network['hash'][:9]}...); name its "
            "folder with --checkpoint"
        )
    part = open_part(str(checkpoint) if is_own else name, device)
    if part.hash != network["hash"]:
        raise CheckpointError(
            f"{path} was learned with another {name} (hash {network['hash'][:9]}...) than the one here "
            f"({part.hash[:9]}...); name the right one with --checkpoint, or {LEARN_AGAIN}"
        )
    return part


def _support(tensors: Mapping[str, np.ndarray], about: Mapping[str, Any], parts: tuple) -> Support:
    classes, view = tuple(map(str, about["classes"])), tuple(about["view"])
    state = {name.removeprefix("head."): a for name, a in tensors.items() if name.startswith("head.")}
    standardised = Standardised(tensors["origin"], tensors["scale"])
    fitted = Fitted(view, standardised, state, np.arange(len(classes)), len(classes))
    calibration = Calibration(**{name: float(value) for name, value in about["calibration"].items()})
    head = LearnedHead(Candidate(about["head"], view), fitted, calibration)
    settings = SupportSettings(**about["settings"])
    return Support(classes, head, parts, int(about["crop_px"]), settings, dict(about["expected"]))


def _check(support: Support, path: Path) -> None:
    """Raise a ValueError unless all sizes fit together and all numbers are finite."""
    head = support.head
    n, length = len(support.classes), len(head.fitted.standardised.origin)
    shapes = {"weights": (length, n), "bias": (n,), "directions": (length, n)}
    names = {"weights", "bias"} if head.candidate.head != "cosine" else {"directions"}
    state = head.fitted.state
    if head.candidate.head not in HEADS or state.keys() != names or not n:
        raise ValueError(f"head {head.candidate.head} with {sorted(state)}")
    if any(state[name].shape != shapes[name] for name in names):
        raise ValueError("sizes that do not fit")
    scale = head.fitted.standardised.scale
    numbers = [head.fitted.standardised.origin, scale, *state.values(), [*asdict(head.calibration).values()]]
    positive = [*scale, head.calibration.temperature, support.crop_px]
    if scale.shape != (length,) or not all(np.isfinite(a).all() for a in numbers) or min(positive) <= 0:
        raise ValueError("numbers that cannot be")
    known = {part.name for part in support.parts}
    if not head.candidate.view or any(name.partition(":")[0] not in known for name in head.candidate.view):
        raise ValueError(f"features {head.candidate.view}")


def _hash(tensors: Mapping[str, np.ndarray], about: str) -> str:
    digest = hashlib.sha256(about.encode())
    for name, array in sorted(tensors.items()):
        digest.update(f"{name} {array.shape} {array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
