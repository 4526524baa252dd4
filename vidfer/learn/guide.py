"""The guide of a distillation: a frozen encoder, and the features that it has of the training clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor

from vidfer.data.domains import Domain, with_unlabelled_of
from vidfer.data.joined_clips import JoinedClips
from vidfer.data.settings import DataSettings
from vidfer.data.split_datasets import evaluation_clips, training_clips
from vidfer.errors import CheckpointError
from vidfer.learn.distil import FeatureLoss, GuidedClips, GuidedNet
from vidfer.learn.distil_settings import DistilSettings
from vidfer.learn.frozen_features import seen_once
from vidfer.learn.start import build_model, start_from
from vidfer.models.encoders import ENCODERS
from vidfer.models.pretrained.pretrained_settings import pretrained_settings
from vidfer.models.pretrained.table import PRETRAINED
from vidfer.models.recogniser import Recogniser
from vidfer.models.settings import ModelSettings

LARGEST = 4.0
"""Standardised features beyond this are cut to it: faces that the guide misread."""

LEAST_SPREAD = 0.05
"""A number that spreads less than this share of the one that spreads most is hardly more than rounding. It is
not blown up to the spread of the others."""


@dataclass(frozen=True)
class Guide:
    """A frozen encoder to learn from, and the clips to learn in."""

    recogniser: Recogniser
    domains: list[Domain]
    """With those unlabelled clips in their splits that take part."""
    settings: DistilSettings

    def taught(self, model: Recogniser, clips: GuidedClips) -> tuple[GuidedNet, FeatureLoss]:
        """The network to train, around ``model``, and its further loss.

        ``model`` has then seen the expression labels that the guide has seen.
        """
        model.seen = model.seen.joined(self.recogniser.seen)
        return GuidedNet(model, clips.features.shape[1]), FeatureLoss(self.settings.weight, clips.parts)


def load_guide(
    settings: DistilSettings, domains: Sequence[Domain], novel: Sequence[str] = ()
) -> Guide | None:
    """The guide that ``--distil.encoder`` names: a pretrained encoder, or the folder of a checkpoint.

    Args:
        settings: name the encoder, in :data:`vidfer.models.pretrained.table.PRETRAINED`; a folder of this
            name goes first. Without a name there is no guide.
        domains: the data sets to train on.
        novel: classes that it must not have been trained on.

    Raises:
        CheckpointError: there is no checkpoint in the folder, the weights are not here or damaged, or the
            checkpoint was trained on clips that are to validate the network.
        SettingError: it was trained on a novel class.
    """
    name = settings.encoder
    if name is None:
        return None
    if name in PRETRAINED and not Path(name).exists():
        kinds = {kind: encoder.Settings for kind, encoder in ENCODERS.items()}
        encoder = pretrained_settings(name, kinds, "--distil.encoder")
        recogniser = build_model(ModelSettings(encoder=encoder))
    else:
        start = start_from(Path(name), novel, "--distil.encoder")
        start.check_splits([one.cache for one in domains], [one.split for one in domains])
        recogniser = start.recogniser
    recogniser.freeze_encoder()
    return Guide(recogniser, with_unlabelled_of(domains, novel), settings)


def guided_clips(
    guide: Guide, labelled: JoinedClips, settings: DataSettings, accelerator: Accelerator, *, seed: int
) -> GuidedClips:
    """The labelled training clips and the unlabelled ones, with the features of the guide.

    The guide sees evenly spaced frames of each clip, without noise. Its features are kept beside the caches.

    Args:
        guide: from :func:`load_guide`.
        labelled: the training clips of its domains.
        settings: number of frames, and loader processes.
        accelerator: of the run.
        seed: of the random frames.

    Raises:
        CheckpointError: the guide sees the same in all clips.
        DiskError: the disk is full.
    """
    how = {"seed": seed, "regions": labelled.parts[0].regions}
    unlabelled = [
        training_clips(one.cache, one.split.unlabelled, None, settings, **how)
        for one in guide.domains
        if one.split.unlabelled
    ]
    clips = JoinedClips([*labelled.parts, *unlabelled])
    encoder = guide.recogniser.encoder
    shown = {"n_frames": settings.frames, "regions": encoder.regions}
    seen = [evaluation_clips(part.cache, part.clips, None, **shown) for part in clips.parts]
    vectors = [found.vectors for found in seen_once(guide.recogniser, seen, accelerator, settings.workers)]
    features = standardised(torch.cat(vectors), guide.settings.encoder)
    return GuidedClips(clips, features, encoder.vector_parts)


def standardised(vectors: Tensor, name: str) -> Tensor:
    """Vectors (M, C) with mean 0 and spread 1 in each number; ``name`` of the guide is for the message."""
    vectors = vectors.double()
    spread = vectors.std(0, correction=0)
    if not spread.max() > 0:
        raise CheckpointError(
            f"--distil.encoder {name}: it sees the same in all {len(vectors)} clips; give other weights"
        )
    scaled = (vectors - vectors.mean(0)) / spread.clamp(min=LEAST_SPREAD * spread.max())
    return scaled.clamp(-LARGEST, LARGEST).float()
