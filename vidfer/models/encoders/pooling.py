"""How the vectors of a clip's frames become one, where none is trained for it."""

from __future__ import annotations

import torch
from torch import Tensor

from vidfer.models.encoders.attention import frame_average

POOLINGS = ("attention", "max", "spread", "peak")


def pool_frames(kind: str, vectors: Tensor, frame_mask: Tensor, weights: Tensor, strength: Tensor) -> Tensor:
    """Vectors of frames (B, T, C) to those of clips (B, C); `spread` gives (B, 2 C).

    Args:
        kind: ``max`` takes the largest value of each number; ``spread`` the mean, and beside it the standard
            deviation over the frames; ``peak`` the frame of the greatest strength.
        vectors: of frames; masked ones have no influence, and a clip without any face gives zeros.
        frame_mask: (B, T) bool.
        weights: (B, T) that sum to one over the frames with a face, for ``spread``.
        strength: (B, T) how strong the expression of each frame is, for ``peak``.
    """
    has_face = frame_mask.any(1)[:, None]
    if kind == "max":
        shown = vectors.masked_fill(~frame_mask[..., None], float("-inf")).amax(1)
        return torch.where(has_face, shown, torch.zeros_like(shown))
    if kind == "peak":
        best = strength.masked_fill(~frame_mask, float("-inf")).argmax(1)
        return vectors[torch.arange(len(vectors), device=vectors.device), best] * has_face
    mean = frame_average(weights, vectors)
    deviation = frame_average(weights, (vectors - mean[:, None]).square() * frame_mask[..., None])
    # The floor stands before the root, because the gradient of a root at zero is infinite.
    spread = deviation.clamp_min(torch.finfo(deviation.dtype).tiny).sqrt()
    return torch.cat([mean, spread * has_face], dim=1)
