"""The networks that examples are seen with: an included one, a checkpoint, or published weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from vidfer.errors import CheckpointError, SettingError
from vidfer.included import IN_THE_BOX, ZOO, checkpoint_folder, included_networks
from vidfer.infer.classifier import crop_size_of
from vidfer.infer.feature_file import encoder_hash
from vidfer.infer.iterate import evaluating
from vidfer.infer.support.typical_faces import TypicalFaces, typical_faces
from vidfer.models.build import build_encoder
from vidfer.models.checkpoint import CONFIG, checkpoint_hash, load_checkpoint
from vidfer.models.encoders import ENCODERS
from vidfer.models.encoders.base import Encoder
from vidfer.models.pretrained.keep import kept_file, place_of
from vidfer.models.pretrained.load_weights import load_weights
from vidfer.models.pretrained.pretrained_settings import pretrained_settings
from vidfer.models.pretrained.table import PRETRAINED, pretrained
from vidfer.models.recogniser import Recogniser

INCLUDED, CHECKPOINT, PUBLISHED = "included", "checkpoint", "published"
FACES_AT_ONCE = 64


@dataclass(frozen=True)
class EncoderPart:
    """A network, and how another machine finds the same one."""

    name: str
    """Of an included or published network; ``checkpoint`` for one of the user."""
    kind: str
    hash: str
    """SHA-256 of what its numbers depend on, 64 hex digits."""
    network: Recogniser | Encoder
    crop_px: int
    """Side of the crops that suit it, in pixels."""
    device: str = "cpu"

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions that it looks at."""
        return tuple(getattr(self.network, "encoder", self.network).regions)

    @property
    def typical(self) -> Mapping[str, TypicalFaces]:
        """What is known of its features for many people, by their names; nothing for most networks."""
        return {f"{self.name}:{key}": t for key, t in typical_faces(self.name, self.hash).items()}

    def features(self, crops: np.ndarray, frame_mask: np.ndarray) -> dict[str, np.ndarray]:
        """What it gives for B pieces: its vectors (B, C), and if it has a classifier the logarithms of its
        probabilities.

        Args:
            crops: uint8 (B, T, 3, 3, S, S) RGB: face, eyes and mouth.
            frame_mask: bool (B, T), False where there is no face.
        """
        many = max(1, FACES_AT_ONCE // crops.shape[1])
        parts = [
            self._features(crops[start : start + many], frame_mask[start : start + many])
            for start in range(0, len(crops), many)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _features(self, crops: np.ndarray, frame_mask: np.ndarray) -> dict[str, np.ndarray]:
        seen = torch.from_numpy(crops).to(self.device), torch.from_numpy(frame_mask).to(self.device)
        with torch.inference_mode(), evaluating(self.network):
            vectors = self.network.vectors(*seen).float()
            found = {f"{self.name}:vector": vectors}
            classifier: nn.Module | None = getattr(self.network, "classifier", None)
            if classifier is not None:
                found[f"{self.name}:answers"] = classifier(vectors).float().log_softmax(1)
        return {name: values.cpu().numpy() for name, values in found.items()}


def default_names() -> tuple[str, ...]:
    """The networks that are taken unless the user names others; nothing is downloaded for it."""
    landmarker = "face_landmarker"
    return (IN_THE_BOX, *([landmarker] if place_of(pretrained(landmarker)).is_file() else []))


def open_parts(names: Sequence[str], device: str = "cpu") -> list[EncoderPart]:
    """The networks of these names or folders; none means :func:`default_names`.

    Raises:
        SettingError: a name means nothing, or two checkpoints of the user are named.
        CheckpointError: a checkpoint or the weights of a published network are missing or damaged.
    """
    names = names or default_names()
    parts = [open_part(name, device) for name in dict.fromkeys(names)]
    if sum(part.kind == CHECKPOINT for part in parts) > 1:
        raise SettingError(f"--encoders {' '.join(names)}: name one checkpoint of your own at most")
    return parts


def checkpoint_among(names: Sequence[str]) -> str | None:
    """The name of these that is a checkpoint of the user, and neither an included nor a published network."""
    others = {*included_networks(), *PRETRAINED}
    return next((name for name in names if name not in others), None)


def open_part(name: str, device: str = "cpu") -> EncoderPart:
    """The network of a name or folder, see :func:`open_parts`."""
    folder = checkpoint_folder(Path(name))
    if (folder / CONFIG).is_file():
        network, _ = load_checkpoint(folder)
        is_included = name in included_networks() and folder == ZOO / name
        part_name, kind = (name, INCLUDED) if is_included else ("checkpoint", CHECKPOINT)
        settings, found = network.settings.encoder, checkpoint_hash(folder)
    elif name in PRETRAINED:
        settings = pretrained_settings(name, {key: e.Settings for key, e in ENCODERS.items()}, "--encoders")
        network = build_encoder(settings)
        load_weights(network, kept_file(name))
        part_name, kind, found = name, PUBLISHED, encoder_hash(network, settings)
    elif Path(name).is_dir():
        raise CheckpointError(
            f"there is no checkpoint in the folder {name}; name a run folder or a checkpoint, such as "
            "runs/teacher/checkpoints/best"
        )
    else:
        raise SettingError(
            f"there is no network {name}; name an included one ({', '.join(included_networks())}), a run "
            "folder or checkpoint, or one that `vidfer encoders` lists as here"
        )
    return EncoderPart(part_name, kind, found, network.to(device).eval(), crop_size_of(settings), device)
