"""Finds what a prediction asks: the network in the box, a run of the user, or another file."""

from __future__ import annotations

from pathlib import Path

from vidfer.errors import CheckpointError
from vidfer.hub import fetch_checkpoint, is_address
from vidfer.included import IN_THE_BOX, checkpoint_folder
from vidfer.infer.classifier import Classifier, NetworkClassifier
from vidfer.infer.onnx_classifier import load_onnx
from vidfer.infer.selective import WANTED, about_network, read_calibration
from vidfer.infer.support.open_support import is_support_file, open_support
from vidfer.models.checkpoint import checkpoint_hash, load_checkpoint


def load_classifier(
    model: Path | str = IN_THE_BOX, *, device: str = "cpu", accuracy: float = WANTED
) -> tuple[Classifier, str]:
    """Load what names expressions.

    Args:
        model: the name of an included network, a run folder (its best checkpoint), a checkpoint, a file of
            ``vidfer learn``, or an ``.onnx`` file of ``vidfer export-onnx``, which runs on the CPU. Or
            ``hf://owner/name``, a checkpoint on the Hugging Face hub, which is downloaded.
        device: where the network runs.
        accuracy: the share (0..1) of its answers that shall be right on its validation clips. Where it is
            less sure, it does not answer. See :mod:`vidfer.infer.selective`.

    Returns:
        The classifier, and a sentence about its threshold.

    Raises:
        CheckpointError: there is no checkpoint, it is damaged, or it has no classifier.
        HubError: the hub has no such checkpoint, or cannot be reached.
        MissingPackageError: an ``.onnx`` file needs onnx and onnxruntime.
    """
    name = str(model)
    if is_address(model):
        folder, name = fetch_checkpoint(name)
    elif Path(model).suffix == ".onnx":
        return load_onnx(model, accuracy=accuracy)
    elif is_support_file(model):
        own, said = open_support(model, device=device)
        return own, "; ".join(said)
    else:
        folder = checkpoint_folder(Path(model))
    network, info = load_checkpoint(folder)
    if network.classifier is None:
        raise CheckpointError(
            f"{model} has no classifier, only a few-shot head: it needs examples of the expressions. Name a "
            "folder of examples with --support, or another --checkpoint"
        )
    calibration = read_calibration(info, folder)
    found = checkpoint_hash(folder)
    about = about_network(name, "network", found, network.classes, calibration, accuracy)
    temperature = calibration.temperature if calibration else 1.0
    return NetworkClassifier(network, about, device, temperature), about["threshold_says"]
