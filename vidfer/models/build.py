"""From plain settings to modules."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from vidfer.models.conv4 import Conv4Encoder
from vidfer.models.encoder import VideoEncoder
from vidfer.models.face_mesh_encoder import FaceMeshEncoder
from vidfer.models.grouped_resnet import GroupedResNet18
from vidfer.models.heads import HEADS
from vidfer.models.heads.base import Head
from vidfer.models.plain_encoder import PlainEncoder
from vidfer.models.recogniser import Recogniser
from vidfer.models.settings import ModelSettings
from vidfer.models.timm_backbone import TimmBackbone
from vidfer.models.torchvision_backbone import TorchvisionBackbone


def build_encoder(settings: ModelSettings) -> nn.Module:
    """The encoder, with random weights from torch's global generator."""
    if settings.encoder == "conv4":
        return Conv4Encoder(
            settings.frame_attention,
            settings.attention_dropout,
            pools=settings.conv4_pools,
            regions=settings.resolved_regions(),
        )
    if settings.encoder == "face_mesh":
        return FaceMeshEncoder(settings.frame_attention, settings.attention_dropout)
    choices = {
        "input_px": settings.input_px,
        "frame_attention": settings.frame_attention,
        "map_stage": settings.resolved_map_stage(),
        "attention_dropout": settings.attention_dropout,
        "regions": settings.resolved_regions(),
        "region_attention": settings.region_attention,
    }
    if settings.encoder == "grouped_resnet18":
        choices |= {"width": settings.width, "spatial_attention": settings.spatial_attention}
        return VideoEncoder(stochastic_depth=settings.stochastic_depth, **choices)
    return PlainEncoder(build_backbone(settings), **choices)


def build_backbone(settings: ModelSettings) -> nn.Module:
    """The network of single images that encoder resnet18, torchvision:NAME or timm:NAME means."""
    library, _, network = settings.encoder.partition(":")
    if library == "torchvision":
        return TorchvisionBackbone(network)
    if library == "timm":
        return TimmBackbone(network)
    return GroupedResNet18(1, settings.width, settings.stochastic_depth)


def build_head(settings: ModelSettings) -> Head | None:
    """The few-shot head, or None."""
    options = {
        "csrn": {"prototype_weight": settings.prototype_weight, "pairing": settings.pairing},
        "crn": {
            "regions": settings.head_regions,
            "js_weight": settings.js_weight,
            "js_form": settings.js_form,
        },
        "prototype": {"distance": settings.distance},
        "matching": {"cosine_scale": settings.cosine_scale},
        "relation": {"regions": settings.head_regions},
        "similarity": {"cosine_scale": settings.cosine_scale},
    }
    return None if settings.head is None else HEADS[settings.head](**options[settings.head])


def build_recogniser(settings: ModelSettings, classes: Sequence[str] = ()) -> Recogniser:
    """The whole model; without ``classes`` it has no classifier."""
    return Recogniser(build_encoder(settings), build_head(settings), classes, settings)
