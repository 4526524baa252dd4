"""A published ResNet-18 as the starting point of all three groups."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from torch import nn

from vidfer.errors import VidferError
from vidfer.models.encoder import VideoEncoder

REMEDY = "give torchvision's ResNet-18 state dict (resnet18-f37072fd.pth), or leave the ImageNet weights out"


def load_imagenet(encoder: nn.Module, path: Path) -> None:
    """Copy a torchvision ResNet-18 state dict into each group of the encoder's backbone, in place.

    Nothing is downloaded: the user names the file (``.pth``, read with ``weights_only=True``). Its
    classifier is ignored.

    Raises:
        VidferError: if the file is missing or no such state dict, or if the encoder is another or not of
        width 64.
    """
    path = Path(path)
    if not isinstance(encoder, VideoEncoder):
        raise VidferError(
            f"ImageNet weights fit encoder grouped_resnet18, not {type(encoder).__name__} ({path})"
        )
    backbone = encoder.backbone
    if not path.is_file():
        raise VidferError(f"there is no file of ImageNet weights at {path}; {REMEDY}")
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise VidferError(f"{path} is not a file of weights that can be read safely; {REMEDY}") from error

    if not isinstance(loaded, dict) or not all(
        isinstance(tensor, torch.Tensor) for tensor in loaded.values()
    ):
        raise VidferError(f"{path} is not a state dict; {REMEDY}")
    wanted = backbone.state_dict()
    loaded = {name: tensor for name, tensor in loaded.items() if not name.startswith("fc.")}
    if loaded.keys() != wanted.keys():
        odd = min(loaded.keys() ^ wanted.keys())
        has = "has" if odd in loaded else "lacks"
        raise VidferError(f"{path} {has} tensor {odd}, so it is not a ResNet-18; {REMEDY}")
    state = {n: t if t.ndim == 0 else torch.cat([t] * backbone.groups) for n, t in loaded.items()}
    for name, tensor in state.items():
        if tensor.shape != wanted[name].shape:
            raise VidferError(
                f"tensor {name} of {path} is {tuple(loaded[name].shape)}, which does not fit a backbone of "
                f"width {backbone.width}; ImageNet weights need model setting width 64 and a ResNet-18"
            )
    backbone.load_state_dict(state)
