"""The vectors that a frozen encoder has given clips of a cache, in a file beside the cache."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from vidfer.files import replace_durably, writing
from vidfer.models.encoders.base import Encoder
from vidfer.models.settings import EncoderSettings
from vidfer.store.reader import CropCache

FORMAT = "vidfer-features 2"
FORMATS = ("vidfer-features 1", FORMAT)
"""The first one was about labels too, so its files are made again."""


class FeatureFile:
    """Clips' vectors by their place in the cache; what was computed once is never computed again.

    The name of the file is a hash of what shaped its content: the crops of the cache, the encoder with its
    weights, and the number of frames. So a file is never about anything else; those of other crops that the
    cache had before are deleted. Other labels, subjects or splits (`vidfer relabel`) change nothing.
    """

    def __init__(self, cache: CropCache, encoder: Encoder, settings: EncoderSettings, n_frames: int) -> None:
        """``n_frames``: evenly spaced frames of each clip that the encoder, which has ``settings``, sees."""
        self.folder = Path(f"{cache.path}.features")
        self.about = {
            "format": FORMAT,
            "crops": _crops_hash(cache),
            "encoder": encoder_hash(encoder, settings),
            "frames": str(n_frames),
        }
        key = hashlib.sha256(json.dumps(self.about, sort_keys=True).encode()).hexdigest()
        self.path = self.folder / f"{key[:24]}.safetensors"
        self.note = ""
        """What happened to files that could not be used, in words."""
        self.removed = self._remove_stale()
        self.clips, self.vectors, self.has_face = self._read()
        self._place = {int(clip): place for place, clip in enumerate(self.clips)}

    def missing(self, clips: Sequence[int]) -> list[int]:
        """The clips whose vectors are not here, each once."""
        return [clip for clip in dict.fromkeys(map(int, clips)) if clip not in self._place]

    def add(self, clips: Sequence[int], vectors: Tensor, has_face: np.ndarray) -> None:
        """Keep vectors (M, C) of further clips, and which of them have a face. A kill leaves the old file.

        Where nothing can be written they are here for this run only, and :attr:`note` says so.

        Raises:
            DiskError: the disk is full. The file is as it was.
        """
        vectors = vectors.float().cpu()
        self.vectors = torch.cat([self.vectors, vectors]) if len(self.clips) else vectors
        self.clips = torch.cat([self.clips, torch.tensor([*map(int, clips)], dtype=torch.int64)])
        self.has_face = torch.cat([self.has_face, torch.from_numpy(np.asarray(has_face, dtype=bool))])
        self._place = {int(clip): place for place, clip in enumerate(self.clips)}
        tensors = {"clips": self.clips, "vectors": self.vectors.contiguous(), "has_face": self.has_face}
        temporary = self.path.with_suffix(".tmp")
        try:
            with writing(self.path, "free some space, then start the same command again"):
                self.folder.mkdir(exist_ok=True)
                save_file(tensors, temporary, metadata=self.about | {"sha256": _hash(tensors)})
                replace_durably(temporary, self.path)
        except (OSError, SafetensorError) as error:  # such as a cache in a folder that others own
            self.note = f"they cannot be kept in {self.folder} ({getattr(error, 'strerror', None) or error})"

    def of(self, clips: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Vectors (M, C) of clips that are here, and which of them have a face (M,)."""
        places = torch.tensor([self._place[int(clip)] for clip in clips], dtype=torch.int64)
        return self.vectors[places], self.has_face[places]

    def _read(self) -> tuple[Tensor, Tensor, Tensor]:
        nothing = torch.zeros(0, dtype=torch.int64), torch.zeros(0, 0), torch.zeros(0, dtype=torch.bool)
        if not self.path.is_file():
            return nothing
        try:
            tensors = load_file(self.path)
            with safe_open(self.path, "pt") as file:
                about = file.metadata() or {}
        except (SafetensorError, OSError, ValueError):
            about, tensors = {}, {}
        if about.get("sha256") != _hash(tensors) or any(about.get(n) != v for n, v in self.about.items()):
            self.note = f"{self.path} is damaged and is made again"
            return nothing
        return tensors["clips"], tensors["vectors"], tensors["has_face"]

    def _remove_stale(self) -> int:
        """Delete the files of other crops that the cache had before; how many there were."""
        stale = 0
        for path in sorted(self.folder.glob("*.safetensors")) if self.folder.is_dir() else ():
            try:
                with safe_open(path, "pt") as file:
                    about = file.metadata() or {}
            except (SafetensorError, OSError, ValueError):
                continue
            if about.get("format") in FORMATS and about.get("crops") != self.about["crops"]:
                with suppress(PermissionError):
                    path.unlink(missing_ok=True)
                    stale += 1
        return stale


def encoder_hash(encoder: Encoder, settings: EncoderSettings) -> str:
    """SHA-256 of an encoder: its settings and all its weights."""
    values = asdict(settings)
    values.pop("pretrained", None)  # where the weights are from changes nothing
    return _hash(encoder.state_dict(), json.dumps(values, sort_keys=True))


def _crops_hash(cache: CropCache) -> str:
    """SHA-256 of the crops of all clips, in order; caches of early checkouts know that of whole clips."""
    return hashlib.sha256("".join(clip.crops_hash or clip.hash for clip in cache.clips).encode()).hexdigest()


def _hash(tensors: Mapping[str, Tensor], before: str = "") -> str:
    digest = hashlib.sha256(before.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
