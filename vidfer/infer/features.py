"""A frozen encoder sees each clip once: data sets of vectors in place of crops."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from vidfer.data.dataset import ClipDataset
from vidfer.data.joined_clips import JoinedClips
from vidfer.data.loader import build_loader
from vidfer.data.sampling import cap_frames
from vidfer.infer.feature_file import FeatureFile
from vidfer.infer.iterate import evaluating, iterate_batches
from vidfer.models.encoders.base import Encoder
from vidfer.models.recogniser import Recogniser
from vidfer.models.settings import EncoderSettings

CHUNK = 2048
"""So many clips are written at once; a kill loses the work on fewer."""


class FeatureClips(Dataset):
    """Clips as vectors of a frozen encoder, in place of a :class:`vidfer.data.dataset.ClipDataset`.

    An item has ``crops``, here the encoder's vector (C,), ``frame_mask`` (1,), whether the clip has a face,
    ``label`` and ``clip``. A recogniser knows vectors by their shape, see
    :meth:`vidfer.models.recogniser.Recogniser.vectors`.
    """

    training = False
    seed = 0
    """A clip that comes again shows the same."""

    def __init__(self, dataset: ClipDataset | JoinedClips, vectors: Tensor, has_face: Tensor) -> None:
        """``vectors`` (M, C) and ``has_face`` (M,) of all clips of ``dataset``."""
        self.cache, self.labels = dataset.cache, dataset.labels
        self.clips = np.concatenate([part.clips for part in parts_of(dataset)])
        self.vectors, self.has_face = vectors, has_face

    def __len__(self) -> int:
        return len(self.vectors)

    def set_epoch(self, epoch: int) -> None:
        """Every epoch sees the same vectors."""

    def __getitem__(self, position: int) -> dict[str, Tensor]:
        return {
            "crops": self.vectors[position],
            "frame_mask": self.has_face[position : position + 1],
            "label": torch.tensor(int(self.labels[position]), dtype=torch.int64),
            "clip": torch.tensor(int(self.clips[position]), dtype=torch.int64),
        }


def parts_of(dataset: ClipDataset | JoinedClips) -> Sequence[ClipDataset]:
    """The data sets of single caches."""
    return dataset.parts if isinstance(dataset, JoinedClips) else (dataset,)


def feature_clips(
    recogniser: Recogniser,
    dataset: ClipDataset | JoinedClips,
    device: torch.device | str = "cpu",
    *,
    batch_size: int = 32,
    workers: int = 0,
    progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> FeatureClips:
    """The vectors of clips, from the files beside their caches; those that are missing are computed and kept.

    Encoders side by side have a file each, which one of them alone would find, too.

    The encoder sees evenly spaced frames of each clip, without noise, and gives the vector before whitening.

    Args:
        recogniser: its encoder must stay as it is; on ``device``.
        dataset: the clips, their labels, and the number of frames.
        device: where the encoder is.
        batch_size, workers: of the loader; they do not change the result.
        progress: called with the number of batches done and of all batches.
        say: told once, for each cache, in words, what was read or made.

    Raises:
        DiskError: the disk is full.
    """
    settings, encoder = recogniser.settings.encoder, recogniser.encoder
    of_each = [
        single_vectors(one, of_one, dataset, device, batch_size, workers, progress, say)
        for of_one, one in zip(settings.side_by_side.values() or [settings], encoder.singles, strict=True)
    ]
    has_face = of_each[0][1]
    with torch.inference_mode(), evaluating(recogniser):
        vectors = encoder.joined([v.to(device) for v, _ in of_each], has_face.to(device)).cpu()
    return FeatureClips(dataset, vectors, has_face)


def single_vectors(
    encoder: Encoder,
    settings: EncoderSettings,
    dataset: ClipDataset | JoinedClips,
    device: torch.device | str = "cpu",
    batch_size: int = 32,
    workers: int = 0,
    progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> tuple[Tensor, Tensor]:
    """Vectors (M, C) that a single encoder gives clips, and which of these have a face (M,).

    For the other arguments see :func:`feature_clips`.
    """
    found = []
    for part in parts_of(dataset):
        file = FeatureFile(part.cache, encoder, settings, cap_frames(part.n_frames, part.cache.clips))
        missing = file.missing(part.clips)
        for start in range(0, len(missing), CHUNK):
            clips = missing[start : start + CHUNK]
            shown = ClipDataset(part.cache.path, clips, n_frames=part.n_frames, regions=encoder.regions)
            file.add(clips, *embedded(encoder, build_loader(shown, batch_size, workers=workers), device))
            if progress is not None:
                progress(start + len(clips), len(missing))
        if say is not None:
            say(_report(file, len(part), len(missing)))
        found.append(file.of(part.clips))
    vectors, has_face = (torch.cat(one) for one in zip(*found))
    return vectors, has_face


@torch.inference_mode()
def embedded(encoder: Encoder, loader, device: torch.device | str) -> tuple[Tensor, np.ndarray]:
    """Vectors (M, C) of all clips of a loader, and which of these have a face (M,)."""
    vectors, has_face = [], []
    with evaluating(encoder):
        for batch in iterate_batches(loader, device):
            vectors.append(encoder.vectors(batch["crops"], batch["frame_mask"]).float().cpu())
            has_face.append(batch["frame_mask"].any(1).cpu())
    return torch.cat(vectors), torch.cat(has_face).numpy()


def _report(file: FeatureFile, wanted: int, computed: int) -> str:
    here = f"vectors of {wanted:,} clips from {file.path}"
    parts = [f"{here}, {computed:,} of them computed now" if computed else here]
    if file.removed:
        parts.append("those of other crops that the cache had before were deleted")
    return "; ".join([*parts, *([file.note] if file.note else [])])
