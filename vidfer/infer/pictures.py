"""Checks pictures that a program gives, and brings them into one form: uint8 (H, W, 3) RGB."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from vidfer.errors import DataError


def check_picture(picture: Any, name: str) -> None:
    """Raise a DataError unless a picture is an array uint8 (H, W, 3).

    Args:
        picture: what a program gives.
        name: what the message calls it, such as "face 0".
    """
    kind = getattr(picture, "dtype", type(picture).__name__)
    shape = tuple(getattr(picture, "shape", ()))
    if kind != np.uint8 or len(shape) != 3 or shape[2] != 3 or 0 in shape:
        raise DataError(
            f"{name} is {kind} {shape}, and must be an array uint8 (H, W, 3) of red, green and blue, 0 to 255"
        )


def as_pictures(faces: Any) -> list[np.ndarray]:
    """Pictures of faces as uint8 (H, W, 3).

    Args:
        faces: uint8 (N, H, W, 3), or a list of N such pictures of different sizes; or a tensor (N, 3, H, W),
            uint8, or float in 0..1.

    Raises:
        DataError: the shape, the type or the range of values is another, or there is no face.
    """
    if isinstance(faces, torch.Tensor):
        faces = _of_tensor(faces)
    pictures = list(faces)
    if not pictures:
        raise DataError("there is no face: the batch is empty")
    for i, picture in enumerate(pictures):
        check_picture(picture, f"face {i}")
    return pictures


def _of_tensor(faces: torch.Tensor) -> np.ndarray:
    if faces.ndim != 4 or faces.shape[1] != 3:
        raise DataError(f"a tensor of faces has the shape (N, 3, H, W), not {tuple(faces.shape)}")
    if faces.is_floating_point():
        if len(faces) and not (faces.min() >= 0 and faces.max() <= 1):
            raise DataError(
                f"a tensor of floats has values from 0 to 1, not {faces.min():g} to {faces.max():g}; divide "
                "it by 255, or undo its normalisation"
            )
        faces = (faces * 255).round().to(torch.uint8)
    return faces.permute(0, 2, 3, 1).contiguous().cpu().numpy()
