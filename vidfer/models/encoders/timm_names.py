"""Weights of other libraries under the names that timm gives to the tensors of the same network."""

from __future__ import annotations

import sys
from contextlib import suppress

import torch
from torch import Tensor, nn

OF_VIT = {
    "embeddings.cls_token": "cls_token",
    "embeddings.position_embeddings": "pos_embed",
    "embeddings.patch_embeddings.projection.": "patch_embed.proj.",
    "encoder.layer.": "blocks.",
    ".attention.output.dense.": ".attn.proj.",
    ".layernorm_before.": ".norm1.",
    ".layernorm_after.": ".norm2.",
    ".intermediate.dense.": ".mlp.fc1.",
    ".output.dense.": ".mlp.fc2.",
    "layernorm.": "norm.",
}
"""Parts of the names of transformers' ViT (Hugging Face) and of timm's; earlier lines go first."""

NOT_NEEDED = ("mask_token",)
"""Tensors that only pretraining needs."""


def timm_names(weights: dict[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """Weights of a network of timm, of its authors or of Hugging Face's transformers, as timm names them.

    Args:
        weights: name -> tensor, without wrappers.
        network: timm's, on any device. The module that defines it knows the names that its authors used.
    """
    if any(name.endswith("embeddings.patch_embeddings.projection.weight") for name in weights):
        weights = _from_transformers(weights)
    convert = getattr(sys.modules[type(network).__module__], "checkpoint_filter_fn", None)
    if convert is not None:
        # Weights of another network: their names will not fit either.
        with suppress(KeyError, RuntimeError, AttributeError, IndexError, ValueError):
            weights = convert(weights, network)
    return {name: tensor for name, tensor in weights.items() if name.split(".")[-1] not in NOT_NEEDED}


def _from_transformers(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """ViT of Hugging Face's transformers: other names, and queries, keys and values apart."""
    found: dict[str, Tensor] = {}
    together: dict[str, dict[str, Tensor]] = {}
    for name, tensor in weights.items():
        name = name.removeprefix("vit.")
        if name.startswith("pooler."):
            continue
        for theirs, ours in OF_VIT.items():
            name = name.replace(theirs, ours)
        block, _, part = name.partition(".attention.attention.")
        if part:
            which, kind = part.split(".")
            together.setdefault(f"{block}.attn.qkv.{kind}", {})[which] = tensor
        else:
            found[name] = tensor
    for name, parts in together.items():
        if parts.keys() >= {"query", "key", "value"}:
            found[name] = torch.cat([parts["query"], parts["key"], parts["value"]])
    return found
