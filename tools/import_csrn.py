"""Make a vidfer checkpoint from a released CSRN checkpoint (github.com/smu-ivpl/CSRN).

    python tools/import_csrn.py --weights csrn_fer2013.pth --out runs/csrn_fer2013

The result is a recogniser with the conv4 encoder, the CSRN head and no classifier. It embeds clips and
compares them. One relation module serves face, eyes and lips (our mouth). The released networks were trained
on single images with values in [0, 1].
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import torch
from program import run

from vidfer.errors import CheckpointError
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint
from vidfer.models.encoders.conv4 import Conv4Settings
from vidfer.models.heads.csrn import CSRNSettings
from vidfer.models.recogniser import Recogniser
from vidfer.models.settings import ModelSettings

REMEDY = "name a .pth that CSRN's authors released"
BASE_CLASSES = ["happy", "neutral", "sad", "surprise"]
"""Classes that the released networks were trained on; these can never be novel."""

RELATION_NAMES = {
    "layer1.0": "conv1",
    "layer1.1": "bn1",
    "layer2.0": "conv2",
    "layer2.1": "bn2",
    "fc1": "fc1",
    "fc2": "fc2",
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the released weights are and where the checkpoint goes."""

    weights: Path
    """The released .pth file."""
    out: Path
    """Folder of the checkpoint."""


def import_csrn(weights: Path) -> tuple[Recogniser, dict]:
    """Read the recogniser of a released file, in evaluation mode, and what the file says about itself.

    Raises:
        CheckpointError: the file is missing, cannot be read without unpickling code, or is another network.
    """
    if not weights.is_file():
        raise CheckpointError(f"there is no file {weights}; {REMEDY}")
    try:
        released = torch.load(weights, map_location="cpu", weights_only=True)
        encoder, relation = released["feature_embed_state_dict"], released["Relation_score_state_dict"]
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{weights} is not a released CSRN checkpoint ({type(error).__name__}); {REMEDY}"
        ) from error
    recogniser = build_recogniser(ModelSettings(encoder=Conv4Settings(), head=CSRNSettings()))
    try:
        # layer1.0 ... layer4.1 of the release are blocks.0.0 ... blocks.3.1 here.
        recogniser.encoder.blocks.load_state_dict(
            {f"{int(name[5]) - 1}{name[6:]}": tensor for name, tensor in encoder.items()}
        )
        recogniser.head.relation.load_state_dict(
            {
                ".".join([RELATION_NAMES[module], name]): tensor
                for module, name, tensor in _split_names(relation)
            }
        )
    except (RuntimeError, KeyError, ValueError, IndexError) as error:
        raise CheckpointError(
            f"the tensors of {weights} are not those of CSRN ({error}); {REMEDY}"
        ) from error
    facts = {name: float(released[name]) for name in ("epoch", "best_acc") if name in released}
    return recogniser.eval(), {"made_from": weights.name, "base_classes": BASE_CLASSES, **facts}


def _split_names(state: dict[str, torch.Tensor]) -> list[tuple[str, str, torch.Tensor]]:
    """Module, parameter and tensor of each entry of a state dict."""
    return [(*name.rsplit(".", 1), tensor) for name, tensor in state.items()]


def main(settings: Settings) -> None:
    recogniser, info = import_csrn(settings.weights)
    checkpoint_hash = save_checkpoint(settings.out, recogniser, info)
    print(f"wrote {settings.out}: checkpoint {checkpoint_hash[:12]} of {settings.weights.name}")


if __name__ == "__main__":
    run(main, Settings, __doc__)
