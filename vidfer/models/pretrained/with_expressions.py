"""Encoders that learned from labels of expressions: good teachers, and no test on expressions they know."""

from __future__ import annotations

from vidfer.models.pretrained.row import HALF, Pretrained

_SEVEN = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
_EIGHT = ("angry", "contempt", "disgust", "fear", "happy", "neutral", "sad", "surprise")
_ONNX = "https://raw.githubusercontent.com/sb-ai-lab/EmotiEffLib/main/models/affectnet_emotions/onnx"
_AFFECTNET = "eight expressions of AffectNet (EmotiEffLib)"

EXPRESSIONS = (
    Pretrained(
        name="vit_fer2013",
        learned="seven expressions of FER2013",
        seen=_SEVEN,
        licence="Apache-2.0",
        encoder="timm",
        network="vit_base_patch16_224",
        vector="network",
        input_px=224,
        mean=HALF,
        std=HALF,
        hub="trpakov/vit-face-expression",
        note="mean and std are those of the network that it started from",
    ),
    *(
        Pretrained(
            name=name,
            learned=_AFFECTNET + tuned,
            seen=_EIGHT,
            licence="Apache-2.0 (code); AffectNet is for research",
            encoder="timm",
            network=network,
            vector="network",
            input_px=px,
            url=f"{_ONNX}/{name}.onnx",
            note="needs `pip install 'vidfer[onnx]'`",
        )
        for name, network, px, tuned in (
            ("enet_b0_8_best_vgaf", "tf_efficientnet_b0", 224, ", chosen on VGAF"),
            ("enet_b0_8_va_mtl", "tf_efficientnet_b0", 224, ", with valence and arousal"),
            ("enet_b2_8", "tf_efficientnet_b2", 260, ""),
        )
    ),
    Pretrained(
        name="mobilevit_va_mtl",
        learned=f"{_AFFECTNET}, with valence and arousal",
        seen=_EIGHT,
        licence="Apache-2.0 (code); AffectNet is for research",
        input_px=224,
        url=f"{_ONNX}/mobilevit_va_mtl.onnx",
    ),
    Pretrained(
        name="mbf_va_mtl",
        learned=f"{_AFFECTNET}, with valence and arousal",
        seen=_EIGHT,
        licence="Apache-2.0 (code); AffectNet is for research",
        input_px=112,
        mean=HALF,
        std=HALF,
        url=f"{_ONNX}/mbf_va_mtl.onnx",
    ),
    Pretrained(
        name="s2d",
        learned="expressions of AffectNet, then of videos (Chen et al. 2023, arXiv 2312.05447)",
        seen=_SEVEN,
        licence="see its authors",
        input_px=224,
        note="takes 16 frames at once",
    ),
    Pretrained(
        name="s4d",
        learned="expressions of AffectNet and of videos at once (Chen et al. 2024, arXiv 2409.06154)",
        seen=_SEVEN,
        licence="see its authors",
        input_px=224,
        note="takes 16 frames at once",
    ),
)
