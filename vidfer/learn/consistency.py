"""Consistency of a weak and a strong view of unlabelled clips: FixMatch, and FreeMatch's thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from vidfer.data.settings import NoiseSettings
from vidfer.learn.noised_input import NoisedInput
from vidfer.learn.settings import PseudoLabelSettings
from vidfer.models.recogniser import Recogniser


class Consistency(nn.Module):
    """Labels unlabelled clips with the student itself, as it sees them with weak noise.

    FixMatch (Sohn et al. 2020, arXiv 2001.07685, section 2.2): the network predicts a weakly noised view of a
    clip. Where its highest probability is above a threshold, the same network learns that class from a
    strongly noised view.

    FreeMatch (Wang et al. 2023, arXiv 2205.07246, section 4.1) adapts the threshold: it follows the network's
    mean confidence, and is lower for classes that the network still predicts seldom. Its fairness loss is not
    used here.

    The thresholds are buffers, so they are saved and loaded as a network is.
    """

    def __init__(
        self, settings: PseudoLabelSettings, weak: nn.Module, n_classes: int, accelerator: Accelerator
    ) -> None:
        """
        Args:
            settings: kind, threshold, momentum and weight.
            weak: turns uint8 crops into weakly noised float crops.
            n_classes: C.
            accelerator: knows the other processes, whose clips count for the thresholds.
        """
        super().__init__()
        self.settings, self.weak, self.accelerator = settings, weak, accelerator
        self.weight = settings.consistency_weight
        self.register_buffer("confidence", torch.tensor(1 / n_classes))
        self.register_buffer("frequencies", torch.full((n_classes,), 1 / n_classes))

    @torch.compiler.disable
    def forward(self, network: Recogniser, crops: Tensor, frame_mask: Tensor) -> Tensor:
        """Targets (U, C) of unlabelled clips: the predicted class, or zeros where it is below its threshold.

        Args:
            network: the student, or its moving average.
            crops, frame_mask: uint8 (U, T, R, 3, H, W) and (U, T).
        """
        alone = crops.shape[:2].numel() == 1
        with torch.no_grad(), as_guide(network, alone=alone):
            probabilities = network(self.weak(crops), frame_mask).float().softmax(1)
            return self.targets(probabilities)

    def targets(self, probabilities: Tensor) -> Tensor:
        """Targets (U, C) for probabilities (U, C) of the weak views; FreeMatch also adapts its thresholds."""
        highest, labels = probabilities.max(1)
        if self.settings.consistency == "freematch":
            self._adapt(highest.mean(), probabilities.mean(0))
        confident = highest > self.thresholds()[labels]
        return F.one_hot(labels, probabilities.shape[1]) * confident[:, None].float()

    def thresholds(self) -> Tensor:
        """The threshold (C,) of each class."""
        if self.settings.consistency == "fixmatch":
            return torch.full_like(self.frequencies, self.settings.consistency_threshold)
        # tau_t(c) = p_t(c) / max_c p_t(c) * tau_t
        return self.frequencies / self.frequencies.max() * self.confidence

    def _adapt(self, confidence: Tensor, frequencies: Tensor) -> None:
        """Move towards the means of this step over all processes, so that several are like one.

        tau_t = m tau_(t-1) + (1 - m) mean max q, and p_t(c) = m p_(t-1)(c) + (1 - m) mean q(c).
        """
        means = self.accelerator.reduce(torch.cat([confidence[None], frequencies]), "mean")
        weight = 1 - self.settings.consistency_momentum
        self.confidence.lerp_(means[0], weight)
        self.frequencies.lerp_(means[1:], weight)


def build_consistency(
    settings: PseudoLabelSettings, noise: NoiseSettings, model: Recogniser, accelerator: Accelerator
) -> Consistency | None:
    """The consistency loss of a student, prepared; None where it is off.

    Args:
        settings: of the pseudo-labels.
        noise: of the strong view; its translation and flips are the weak view's.
        model: the student.
        accelerator: has prepared the student, and saves the thresholds with it.
    """
    if settings.consistency == "none":
        return None
    encoder = model.settings.encoder
    weak = NoisedInput(noise.weak(), encoder.input_px, encoder.regions)
    consistency = Consistency(settings, weak, len(model.classes), accelerator)
    # Nothing in it is trained, so processes need not share gradients.
    return accelerator.prepare_model(consistency, evaluation_mode=True)


@contextmanager
def as_guide(network: Recogniser, *, alone: bool = False) -> Iterator[None]:
    """Within the block the network has no dropout, and normalises by the clips that it is given.

    Its running statistics are neither used nor changed: they depend on the number of processes. A frozen
    encoder, which never normalises by the clips, stays as it is.

    Args:
        network: the student, or its moving average.
        alone: it is given a single frame, which has no spread to normalise by: take the running statistics.
    """
    training = network.training
    frozen = {*network.encoder.modules()} if network.encoder_frozen else network.encoder.frozen_modules()
    norms = [one for one in network.modules() if isinstance(one, _BatchNorm) and one not in frozen]
    network.eval()
    for norm in () if alone else norms:
        norm.training, norm.track_running_stats = True, False
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True
        network.train(training)
