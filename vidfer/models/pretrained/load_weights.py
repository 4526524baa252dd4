"""Published weights as the starting point of an encoder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from vidfer.errors import CheckpointError, SettingError

if TYPE_CHECKING:
    from vidfer.models.encoders.base import Encoder

CLASSIFIERS = ("avgpool", "fc", "classifier", "head", "heads", "head_dist", "logits")
"""Names of the children that come after a network's last map, or after its vector."""


def load_weights(encoder: Encoder, path: Path) -> None:
    """Copy the published weights of a file into an encoder, in place.

    Nothing is downloaded: the user names the file, see :func:`vidfer.models.pretrained.keep.kept_file` for
    weights that have a name.

    Raises:
        SettingError: there are no published weights of this encoder.
        CheckpointError: the file is missing, is no state dict, or does not fit the network.
    """
    encoder.load_published(Path(path))


def load_image_network(encoder: Encoder, path: Path) -> None:
    """Copy a state dict of torchvision, timm or facenet-pytorch into the encoder's image network, in place.

    A grouped ResNet-18 takes those of ResNet-18 for each of its groups. The file's classifier is ignored. For
    what the image network must have see :class:`vidfer.models.encoders.image_network.ImageNetwork`.

    Raises:
        SettingError, CheckpointError: as :func:`load_weights`.
    """
    network = encoder.image_network()
    if network is None:
        name = encoder.Settings.name
        raise SettingError(
            f"--weights {path}: there are no published weights of {name}; choose another --encoder, or leave "
            "the option out"
        )
    fits = network.published_names()
    loaded = network.published_weights(path)
    loaded = {n: t for n, t in loaded.items() if n in fits or n.split(".")[0] not in CLASSIFIERS}
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
