"""Encoders that learned from captions of pictures. Captions may name emotions, which results say."""

from __future__ import annotations

from vidfer.models.pretrained.row import CLIP_MEAN, CLIP_STD, HALF, Pretrained

CAPTIONS = (
    Pretrained(
        name="clip_b16",
        learned="400 million pictures and their captions: OpenAI's CLIP",
        captions=True,
        licence="MIT",
        encoder="timm",
        network="vit_base_patch16_clip_quickgelu_224",
        vector="network",
        input_px=224,
        mean=CLIP_MEAN,
        std=CLIP_STD,
        hub="timm/vit_base_patch16_clip_224.openai",
    ),
    Pretrained(
        name="farl",
        learned="20 million pictures of faces and their captions: LAION-FACE",
        captions=True,
        licence="MIT",
        encoder="timm",
        network="vit_base_patch16_clip_quickgelu_224",
        vector="network",
        input_px=224,
        mean=CLIP_MEAN,
        std=CLIP_STD,
        url="https://github.com/FacePerceiver/FaRL/releases/download/pretrained_weights/"
        "FaRL-Base-Patch16-LAIONFace20M-ep64.pth",
    ),
    Pretrained(
        name="siglip_b16",
        learned="pictures and their captions: WebLI",
        captions=True,
        licence="Apache-2.0",
        encoder="timm",
        network="vit_base_patch16_siglip_224",
        vector="network",
        input_px=224,
        mean=HALF,
        std=HALF,
        hub="timm/vit_base_patch16_siglip_224.webli",
    ),
)
