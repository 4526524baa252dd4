"""Published weights as the starting point of an encoder's image network."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from vidfer.errors import CheckpointError, SettingError
from vidfer.models.encoders.base import Encoder
from vidfer.models.encoders.torchvision import CLASSIFIERS


def load_imagenet(encoder: Encoder, path: Path) -> None:
    """Copy published weights into the encoder's image network, in place.

    A grouped ResNet-18 takes those of ResNet-18 for each of its groups.

    Nothing is downloaded: the user names the file, a state dict of torchvision or, of a timm network, of timm
    (``.pth``, read with ``weights_only=True``, or ``.safetensors``). Its classifier is ignored.

    The image network has ``name`` and ``remedy`` for messages, ``groups`` (how often it holds the published
    network side by side), ``published_name`` for each of its tensors, and ``published_names`` of the whole
    published network.

    Raises:
        SettingError: there are no published weights of this encoder.
        CheckpointError: the file is missing, is no state dict, or does not fit the network.
    """
    path, network = Path(path), encoder.image_network()
    if network is None:
        name = encoder.Settings.name
        raise SettingError(
            f"--imagenet {path}: there are no ImageNet weights of {name}; choose another --encoder, or leave "
            "the option out"
        )
    loaded = read_weights(path, network.remedy)
    loaded = {n: tensor for n, tensor in loaded.items() if n.split(".")[0] not in CLASSIFIERS}
    fits = network.published_names()
    if loaded.keys() != fits:
        odd = min(loaded.keys() ^ fits)
        has = "has" if odd in loaded else "lacks"
        raise CheckpointError(f"{path} {has} tensor {odd}, so it is not a {network.name}; {network.remedy}")
    wanted, by_flat_name = network.state_dict(), {n.replace(".", "_"): n for n in fits}
    state = {}
    for n, needed in wanted.items():
        published = by_flat_name[network.published_name(n).replace(".", "_")]
        tensor = loaded[published]
        if tensor.ndim:  # a network of several groups has their tensors one after the other
            tensor = torch.cat([tensor] * network.groups)
        if tensor.shape != needed.shape:
            raise CheckpointError(
                f"tensor {published} of {path} is {tuple(loaded[published].shape)}, which does not fit this "
                f"{network.name} ({tuple(needed.shape)}); {network.remedy}"
            )
        state[n] = tensor
    network.load_state_dict(state)


def read_weights(path: Path, remedy: str) -> dict[str, Tensor]:
    """A state dict that can be read without running anything.

    Raises:
        CheckpointError: it cannot; the message ends with the ``remedy``.
    """
    if not path.is_file():
        raise CheckpointError(f"there is no file of ImageNet weights at {path}; {remedy}")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, SafetensorError) as error:
        raise CheckpointError(f"{path} is no file of weights that can be read safely; {remedy}") from error
    if not isinstance(loaded, dict) or not all(isinstance(tensor, Tensor) for tensor in loaded.values()):
        raise CheckpointError(f"{path} is not a state dict; {remedy}")
    return loaded
