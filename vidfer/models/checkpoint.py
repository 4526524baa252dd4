"""A model on disk: ``model.safetensors`` and ``config.json`` in one folder."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

import vidfer
from vidfer.errors import CheckpointError, SettingError
from vidfer.files import sha256_of, sync, writing
from vidfer.included import checkpoint_folder, included_networks
from vidfer.models.build import build_recogniser, model_settings
from vidfer.models.finite import first_not_finite
from vidfer.models.migrate import nested_model
from vidfer.models.recogniser import Recogniser
from vidfer.models.seen_labels import SeenLabels, seen_labels, trained_on
from vidfer.models.without_weights import without_weights
from vidfer.models.wrappers import plain_names
from vidfer.reachable import check_reachable

FORMAT = "vidfer-recogniser"
FORMAT_VERSION = 2
"""1: settings of the model in one flat table, see :func:`vidfer.models.migrate.nested_model`."""

READABLE_VERSIONS = (1, 2)
WEIGHTS = "model.safetensors"
CONFIG = "config.json"
HOW_TO_GO_ON = (
    "what was saved before is kept; free some space, then start the same command, a run with --resume"
)
NEXT = ".next"
"""Suffix of a file that is about to replace the one without it."""


def save_checkpoint(folder: Path, model: Recogniser, info: dict) -> str:
    """Write the model, replacing what the folder held, and return its :func:`checkpoint_hash`.

    A kill at any moment leaves the old or the new checkpoint. ``info`` is plain JSON data
    (cache hash, epoch, metrics).

    Raises:
        DiskError: the disk is full.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    new_weights, new_config = folder / (WEIGHTS + NEXT), folder / (CONFIG + NEXT)
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    with writing(folder, HOW_TO_GO_ON):
        save_file(weights, new_weights)
    config = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "vidfer": vidfer.__version__,
        "model": dataclasses.asdict(model.settings),
        "classes": list(model.classes),
        "info": info,
        "seen": model.seen.joined(_trained_on(model.classes, info)).record(),
        "weights_sha256": sha256_of(new_weights),
    }
    with writing(folder, HOW_TO_GO_ON):
        new_config.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        for path in (new_weights, new_config):
            sync(path)
    # Between these two lines the weights are new and the config is old; _read_config then takes the new one.
    new_weights.replace(folder / WEIGHTS)
    new_config.replace(folder / CONFIG)
    return _hash(config)


def load_checkpoint(folder: Path) -> tuple[Recogniser, dict]:
    """The model of a folder, on the CPU and in evaluation mode, and the ``info`` it was saved with.

    The name of an included network, such as ``basic7``, stands for its folder (:mod:`vidfer.included`).
    Weights that were stored in half precision become float32.

    Raises:
        CheckpointError: if the folder holds no checkpoint, a damaged one, or one of another model or format.
    """
    folder = checkpoint_folder(folder)
    config = _read_config(folder)
    outline = _outline(config, folder)
    try:
        # An earlier vidfer wrote a compiled network under the names of its wrapper.
        state = plain_names(load_file(folder / WEIGHTS))
    except SafetensorError as error:
        raise CheckpointError(
            f"{folder / WEIGHTS} is no safetensors file ({error}); name a folder that a recipe or "
            "tools/import_csrn.py wrote"
        ) from error
    _check_fits(outline.state_dict(), state, folder)
    if name := first_not_finite(state):
        raise CheckpointError(
            f"tensor {name} in {folder / WEIGHTS} is not finite, so its training had diverged; use the "
            "checkpoint of an earlier epoch, or train again with a lower --optim.lr"
        )
    model = build_recogniser(outline.settings, outline.classes)
    model.load_state_dict(state)
    model.seen = _seen_of(config)
    return model.eval(), config.get("info", {})


def read_outline(folder: Path) -> Recogniser:
    """The model in a folder on the device "meta": with settings and classes, without weights.

    Raises:
        CheckpointError: as :func:`load_checkpoint`.
    """
    folder = checkpoint_folder(folder)
    return _outline(_read_config(folder), folder)


def _outline(config: dict, folder: Path) -> Recogniser:
    """A model without memory for its weights."""
    try:
        settings = model_settings(nested_model(config["model"]))
        # On the device "meta" tensors take no memory: a made-up config may describe a network of any size.
        with without_weights():
            return build_recogniser(settings, config["classes"])
    except (TypeError, KeyError, ValueError, AttributeError, RuntimeError, SettingError) as error:
        raise CheckpointError(
            f"{folder / CONFIG} describes a model that vidfer {vidfer.__version__} cannot build ({error}); "
            f"it was written by vidfer {config.get('vidfer')}: load it with that version, or train again"
        ) from error


def trained_classes(folder: Path) -> tuple[str, ...]:
    """All classes that a model was ever trained on, also those of the encoder that its training started from.

    Raises:
        CheckpointError: as :func:`load_checkpoint`.
    """
    config = _read_config(folder)
    return tuple(_trained_on(config["classes"], config.get("info", {})).labels)


def checkpoint_hash(folder: Path) -> str:
    """Names a model in results: SHA-256 over weights, model settings and classes, 64 hex digits.

    ``info`` and the version that wrote it do not count.

    Raises:
        CheckpointError: as :func:`load_checkpoint`.
    """
    return _hash(_read_config(folder))


def read_seen(folder: Path) -> SeenLabels:
    """The expression labels that the weights of a checkpoint have seen.

    Raises:
        CheckpointError: as :func:`load_checkpoint`.
    """
    return _seen_of(_read_config(folder))


def read_info(folder: Path) -> dict:
    """What a checkpoint was saved with beside its network: cache hash, epoch, calibration.

    Raises:
        CheckpointError: as :func:`load_checkpoint`.
    """
    return _read_config(folder).get("info", {})


def _seen_of(config: dict) -> SeenLabels:
    """An earlier vidfer kept the classes that were trained on, and no more."""
    return seen_labels(config.get("seen")).joined(_trained_on(config["classes"], config.get("info", {})))


def _trained_on(classes: Sequence[str], info: dict) -> SeenLabels:
    before = info.get("base_classes", ())
    return trained_on((*classes, *(before if isinstance(before, (list, tuple)) else ())))


def _read_config(folder: Path) -> dict:
    """The config that was written with the folder's weights."""
    folder = checkpoint_folder(folder)
    weights = folder / WEIGHTS
    if not weights.is_file():
        check_reachable(weights)
        included = ", ".join(included_networks())
        raise CheckpointError(
            f"there is no {WEIGHTS} in {folder}, so it is no checkpoint; name a run folder that has one, "
            f"such as runs/teacher, or an included network: {included}"
        )
    if not (folder / CONFIG).is_file() and not (folder / (CONFIG + NEXT)).is_file():
        raise CheckpointError(
            f"there is no {CONFIG} beside {weights}; copy the whole folder of the checkpoint"
        )
    weights_sha256 = sha256_of(weights)
    configs = [_parse(folder / CONFIG), _parse(folder / (CONFIG + NEXT))]
    config = next((c for c in configs if c.get("weights_sha256") == weights_sha256), configs[0])

    if config.get("format") != FORMAT or config.get("format_version") not in READABLE_VERSIONS:
        raise CheckpointError(
            f"{folder / CONFIG} has format {config.get('format')!r} {config.get('format_version')!r}; "
            f"needed is {FORMAT!r} 1 or {FORMAT_VERSION}: use a checkpoint that a vidfer recipe wrote"
        )
    if config.get("weights_sha256") != weights_sha256:
        raise CheckpointError(
            f"{weights} is damaged or belongs to another checkpoint: its SHA-256 is {weights_sha256[:9]}..., "
            f"and {CONFIG} says {str(config.get('weights_sha256'))[:12]}...; copy the whole folder again"
        )
    classes, info = config.get("classes"), config.get("info", {})
    names = isinstance(classes, list) and all(isinstance(name, str) for name in classes)
    if not (names and isinstance(config.get("model"), dict) and isinstance(info, dict)):
        raise CheckpointError(
            f"model, classes or info in {folder / CONFIG} are damaged; copy the whole folder again"
        )
    try:
        _seen_of(config)
    except (ValueError, TypeError) as error:
        raise CheckpointError(
            f"{error} in {folder / CONFIG} are damaged; copy the whole folder again"
        ) from error
    return config


def _parse(path: Path) -> dict:
    """A JSON object; an empty one if there is none, as when a kill left the next config half written."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}


def _check_fits(wanted: dict[str, torch.Tensor], state: dict[str, torch.Tensor], folder: Path) -> None:
    for name in sorted(wanted.keys() | state.keys()):
        found, needed = (tuple(d[name].shape) if name in d else "missing" for d in (state, wanted))
        if found != needed:
            raise CheckpointError(
                f"tensor {name} is {found} in {folder / WEIGHTS}, and {needed} in the model that {CONFIG} "
                "describes; they belong to different models: copy the whole folder again"
            )


def _hash(config: dict) -> str:
    matters = {name: config[name] for name in ("format_version", "model", "classes", "weights_sha256")}
    return hashlib.sha256(json.dumps(matters, sort_keys=True).encode()).hexdigest()
