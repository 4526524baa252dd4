"""Encoders that learned without labels of expressions: a test on novel expressions is an honest one."""

from __future__ import annotations

from vidfer.models.pretrained.row import HALF, Pretrained

_FACENET = "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9"
_TORCHVISION = "https://download.pytorch.org/models"
_EMOTIEFFLIB = "https://raw.githubusercontent.com/sb-ai-lab/EmotiEffLib/main/models"

FACES = (
    Pretrained(
        name="face_landmarker",
        learned="478 points of the face and 52 blendshapes; Google's pictures of people",
        licence="Apache-2.0",
        encoder="face_landmarker",
        mean=None,
        std=None,
        url="https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/"
        "face_landmarker.task",
        sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        note="sees geometry, little of the skin",
    ),
    Pretrained(
        name="facenet",
        learned="who it is: 8,631 people of VGGFace2",
        licence="MIT (code); VGGFace2 is for research",
        encoder="inception_resnet_v1",
        input_px=160,
        mean=HALF,
        std=(128 / 255,) * 3,
        url=f"{_FACENET}/20180402-114759-vggface2.pt",
    ),
    Pretrained(
        name="facenet_casia",
        learned="who it is: 10,575 people of CASIA-WebFace",
        licence="MIT (code); CASIA-WebFace is for research",
        encoder="inception_resnet_v1",
        input_px=160,
        mean=HALF,
        std=(128 / 255,) * 3,
        url=f"{_FACENET}/20180408-102900-casia-webface.pt",
    ),
    Pretrained(
        name="enet_face",
        learned="who it is: VGGFace2 (EmotiEffLib)",
        licence="Apache-2.0 (code); VGGFace2 is for research",
        encoder="timm",
        network="tf_efficientnet_b0",
        vector="network",
        input_px=224,
        url=f"{_EMOTIEFFLIB}/pretrained_faces/state_vggface2_enet0_new.pt",
    ),
    Pretrained(
        name="msceleb18",
        learned="who it is: MS-Celeb-1M, which its owner withdrew",
        licence="none stated",
        encoder="torchvision",
        network="resnet18",
        input_px=224,
        note="Google Drive, resnet18_msceleb.pth: give the file with --weights. FAN starts from one like it",
    ),
    Pretrained(
        name="marlin_b",
        learned="to fill hidden parts of videos of faces: YouTube Faces",
        licence="CC BY-NC 4.0",
        input_px=224,
        hub="ControlNet/marlin_vit_base_ytf",
        note="takes 16 frames at once",
    ),
)

PICTURES = (
    Pretrained(
        name="dinov2_s",
        learned="pictures without labels: LVD-142M",
        licence="Apache-2.0",
        encoder="timm",
        network="vit_small_patch14_reg4_dinov2",
        vector="network",
        input_px=224,
        hub="timm/vit_small_patch14_reg4_dinov2.lvd142m",
        note="any multiple of 14 pixels; trained on up to 518",
    ),
    Pretrained(
        name="dinov3_s",
        learned="pictures without labels: LVD-1689M",
        licence="DINOv3 licence",
        encoder="timm",
        network="vit_small_patch16_dinov3",
        vector="network",
        input_px=256,
        hub="timm/vit_small_patch16_dinov3.lvd1689m",
        note="any multiple of 16 pixels",
    ),
    Pretrained(
        name="dinov3_cn",
        learned="pictures without labels: LVD-1689M",
        licence="DINOv3 licence",
        encoder="timm",
        network="convnext_tiny",
        vector="network",
        input_px=224,
        hub="timm/convnext_tiny.dinov3_lvd1689m",
    ),
    Pretrained(
        name="mae_b16",
        learned="to fill hidden parts of pictures: ImageNet-1k without labels",
        licence="CC BY-NC 4.0",
        encoder="timm",
        network="vit_base_patch16_224",
        vector="network",
        input_px=224,
        hub="timm/vit_base_patch16_224.mae",
    ),
    Pretrained(
        name="vit_s_in21k",
        learned="21,000 kinds of things: ImageNet-21k",
        licence="Apache-2.0",
        encoder="timm",
        network="vit_small_patch16_224",
        vector="network",
        input_px=224,
        mean=HALF,
        std=HALF,
        hub="timm/vit_small_patch16_224.augreg_in21k",
    ),
    Pretrained(
        name="enet_b0_ns",
        learned="1,000 kinds of things: ImageNet-1k, as a noisy student with JFT-300M unlabelled",
        licence="Apache-2.0",
        encoder="timm",
        network="tf_efficientnet_b0",
        vector="network",
        input_px=224,
        hub="timm/tf_efficientnet_b0.ns_jft_in1k",
    ),
    Pretrained(
        name="mobilenetv4_s",
        learned="1,000 kinds of things: ImageNet-1k",
        licence="Apache-2.0",
        encoder="timm",
        network="mobilenetv4_conv_small",
        vector="network",
        input_px=224,
        hub="timm/mobilenetv4_conv_small.e2400_r224_in1k",
    ),
)

_OF_TORCHVISION = {
    "resnet18": "resnet18-f37072fd.pth",
    "resnet50": "resnet50-11ad3fa6.pth",
    "mobilenet_v3_small": "mobilenet_v3_small-047dcff4.pth",
    "mobilenet_v3_large": "mobilenet_v3_large-5c1a4163.pth",
    "efficientnet_b0": "efficientnet_b0_rwightman-7f5810bc.pth",
    "convnext_tiny": "convnext_tiny-983f1562.pth",
}
"""Networks of torchvision and their files, whose names end with the first digits of the SHA-256."""

TORCHVISION = tuple(
    Pretrained(
        name=f"imagenet_{network}",
        learned="1,000 kinds of things: ImageNet-1k",
        licence="BSD-3-Clause (code); ImageNet is for research",
        encoder="torchvision",
        network=network,
        input_px=224,
        url=f"{_TORCHVISION}/{file}",
        sha256=file.removesuffix(".pth").rpartition("-")[2],
    )
    for network, file in _OF_TORCHVISION.items()
)
