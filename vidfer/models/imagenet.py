"""Published weights as the starting point of an encoder's backbone."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from vidfer.errors import VidferError
from vidfer.models.conv4 import Conv4Encoder
from vidfer.models.face_mesh_encoder import FaceMeshEncoder
from vidfer.models.grouped_resnet import GroupedResNet18
from vidfer.models.torchvision_backbone import CLASSIFIERS

REMEDY = (
    "give the state dict of the encoder's network, of ResNet-18 torchvision's (resnet18-f37072fd.pth), or "
    "leave the ImageNet weights out"
)
WIDTH = "ImageNet weights need model setting width 64 and a ResNet-18"


def load_imagenet(encoder: nn.Module, path: Path) -> None:
    """Copy published weights into the encoder's backbone, in place; of ResNet-18 into each of its groups.

    Nothing is downloaded: the user names the file, a state dict of torchvision or, of a timm network, of timm
    (``.pth``, read with ``weights_only=True``, or ``.safetensors``). Its classifier is ignored.

    Raises:
        VidferError: if the file is missing or no such state dict, or if the encoder is conv4, face_mesh or a
        ResNet-18 that is not of width 64.
    """
    path = Path(path)
    if isinstance(encoder, (Conv4Encoder, FaceMeshEncoder)):
        name = "conv4" if isinstance(encoder, Conv4Encoder) else "face_mesh"
        raise VidferError(f"there are no ImageNet weights of {name} ({path}); choose another encoder")
    loaded = read_weights(path)
    backbone = encoder.backbone
    wanted = backbone.state_dict()
    if isinstance(backbone, GroupedResNet18):
        name, fits, groups, published = "ResNet-18", set(wanted), backbone.groups, {n: n for n in wanted}
    else:
        name, fits, groups = backbone.name, backbone.published_names(), 1
        flat = {n.replace(".", "_"): n for n in fits}
        published = {n: flat[backbone.published_name(n).replace(".", "_")] for n in wanted}
    loaded = {n: tensor for n, tensor in loaded.items() if n.split(".")[0] not in CLASSIFIERS}
    if loaded.keys() != fits:
        odd = min(loaded.keys() ^ fits)
        has = "has" if odd in loaded else "lacks"
        raise VidferError(f"{path} {has} tensor {odd}, so it is not a {name}; {REMEDY}")
    state = {n: loaded[published[n]] for n in wanted}
    state = {n: t if t.ndim == 0 else torch.cat([t] * groups) for n, t in state.items()}
    for n, tensor in state.items():
        if tensor.shape != wanted[n].shape:
            raise VidferError(
                f"tensor {published[n]} of {path} is {tuple(loaded[published[n]].shape)}, which does not fit "
                f"{name}" + (f" of width {backbone.width}; {WIDTH}" if name == "ResNet-18" else f"; {REMEDY}")
            )
    backbone.load_state_dict(state)


def read_weights(path: Path) -> dict[str, Tensor]:
    """A state dict that can be read without running anything."""
    if not path.is_file():
        raise VidferError(f"there is no file of ImageNet weights at {path}; {REMEDY}")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, SafetensorError) as error:
        raise VidferError(f"{path} is not a file of weights that can be read safely; {REMEDY}") from error
    if not isinstance(loaded, dict) or not all(isinstance(tensor, Tensor) for tensor in loaded.values()):
        raise VidferError(f"{path} is not a state dict; {REMEDY}")
    return loaded
