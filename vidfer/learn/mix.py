"""Mix clips of a batch two by two: mixup and CutMix."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Mixture:
    """Which clips of a batch were mixed, and how much of itself each clip has kept."""

    partner: Tensor
    """(B,) number of the clip that was mixed into each clip."""
    share: Tensor
    """(B,) share of the clip itself; the rest is the partner's."""

    def targets(self, targets: Tensor) -> Tensor:
        """Targets (B, C) of the mixed clips: those of the two clips, by their shares."""
        return torch.lerp(targets[self.partner], targets, self.share.to(targets)[:, None])

    def labels(self, labels: Tensor) -> Tensor:
        """Labels (B,) of the larger shares."""
        return torch.where(self.share < 0.5, labels[self.partner], labels)


def mix_clips(
    crops: Tensor, frame_mask: Tensor, pseudo: Tensor, *, mixup: float, cutmix: float
) -> tuple[Tensor, Tensor, Mixture]:
    """Mix each clip with another one of its part of the batch, labelled or pseudo-labelled.

    With a share lambda ~ Beta(a, a) of the clip itself, mixup blends the pixels (Zhang et al. 2018, arXiv
    1710.09412, equation 1), and CutMix replaces a rectangle of 1 - lambda of the area (Yun et al. 2019, arXiv
    1905.04899, equations 1 and 2). All crops of a clip are mixed alike. If both are on, each clip takes one
    of them, with the same probability. In a frame without a face the clip takes the partner's frame alone.

    Args:
        crops: float (B, T, R, 3, H, W).
        frame_mask: (B, T) bool, True where there is a face.
        pseudo: (B,) bool, True for pseudo-labelled clips.
        mixup, cutmix: a of the Beta distribution of each; 0 is off, and one of them must be on.

    Returns:
        Crops and mask of the mixed clips, and what was mixed. A frame of a mixed clip has a face if one of
        the two has one there.
    """
    partner = draw_partners(pseudo)
    own = draw_shares(len(crops), crops.shape[-2:], mixup=mixup, cutmix=cutmix).to(crops)
    theirs = frame_mask[partner]
    own = torch.where(
        (frame_mask & theirs)[:, :, None, None], own[:, None], frame_mask[:, :, None, None].to(own)
    )
    mixed = torch.lerp(crops[partner], crops, own[:, :, None, None])
    faces = frame_mask | theirs
    share = (own.mean((2, 3)) * faces).sum(1) / faces.sum(1).clamp(min=1)
    return mixed, faces, Mixture(partner, share)


def draw_partners(pseudo: Tensor) -> Tensor:
    """A random clip (B,) for each clip: labelled ones for labelled, pseudo-labelled for pseudo-labelled."""
    # Sorted by part, and at random within each part; so nothing has to wait for the device.
    shuffled = (torch.rand(len(pseudo)).to(pseudo.device) + pseudo).argsort()
    partner = torch.empty_like(shuffled)
    partner[pseudo.to(torch.uint8).argsort(stable=True)] = shuffled
    return partner


def draw_shares(clips: int, size: tuple[int, int], *, mixup: float, cutmix: float) -> Tensor:
    """The share of each pixel that a clip keeps, (B, H, W), or (B, 1, 1) where only mixup is on."""
    shares = []
    if mixup:
        shares.append(torch.distributions.Beta(mixup, mixup).sample((clips, 1, 1)))
    if cutmix:
        shares.append(_outside(torch.distributions.Beta(cutmix, cutmix).sample((clips,)), size))
    if len(shares) < 2:
        return shares[0]
    return torch.where(torch.rand(clips, 1, 1) < 0.5, *shares)


def _outside(kept: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, H, W): 0 in a rectangle of 1 - ``kept`` of the area about a random place, and 1 outside of it.

    What lies beyond the border is cut, so that more may be kept than was drawn.
    """
    inside = torch.ones(len(kept), 1, 1, dtype=torch.bool)
    for axis, length in ((1, size[0]), (2, size[1])):
        half = 0.5 * length * (1 - kept).sqrt()
        middle = torch.rand(len(kept)) * length
        pixels = torch.arange(length) + 0.5
        near = (pixels - middle[:, None]).abs() < half[:, None]
        inside = inside & near.unsqueeze(3 - axis)
    return (~inside).float()
