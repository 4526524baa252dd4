"""The shape of a set of points: their positions without place, size and rotation."""

from __future__ import annotations

import torch
from torch import Tensor


def centred_shape(points: Tensor) -> Tensor:
    """Points (..., P, 3) with their mean at the origin and the sum of all squares 1.

    Points that all lie in one place give zeros.
    """
    points = points - points.mean(-2, keepdim=True)
    # The floor stands before the root, because the gradient of a root at zero is infinite.
    size = points.square().sum((-2, -1), keepdim=True).clamp_min(torch.finfo(points.dtype).tiny).sqrt()
    return points / size


@torch.no_grad()
def rotation_onto(points: Tensor, reference: Tensor) -> Tensor:
    """The rotations (..., 3, 3) that bring points (..., P, 3) nearest to a reference (P, 3).

    They are for points as rows: points @ rotation. The least sum of squares (Kabsch 1976), never a reflection
    (Umeyama 1991, equation 43): with U S V^T = points^T reference, the rotation is U diag(1, 1, det(U V^T))
    V^T. Both sets have their mean at the origin. Without gradients: that of a singular value decomposition is
    infinite where two values are equal.
    """
    u, _, vt = torch.linalg.svd(points.transpose(-2, -1) @ reference)
    handedness = torch.linalg.det(u @ vt).sign()
    return torch.cat([u[..., :2], u[..., 2:] * handedness[..., None, None]], dim=-1) @ vt


def aligned_shape(points: Tensor, reference: Tensor) -> Tensor:
    """Points (..., P, 3) as a centred shape, turned onto the reference (P, 3), a centred shape too.

    Computed in float32 under autocast as well. Any similarity of the points gives the same. Gradients do not
    see that the rotation depends on the points.
    """
    with torch.autocast(points.device.type, enabled=False):
        shape = centred_shape(points.float())
        return shape @ rotation_onto(shape, reference.float())


def mirror_points(points: Tensor, partner: Tensor) -> Tensor:
    """Points (..., P, 3) of the mirrored shape: x the other way, and left for right.

    ``partner`` (P,) names each point's place on the other side.
    """
    return (points * points.new_tensor([-1.0, 1.0, 1.0]))[..., partner, :]
