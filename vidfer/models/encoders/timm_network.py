"""A whole network of timm, transformers too: four maps, and the vector that its own classifier sees."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from vidfer.errors import SettingError
from vidfer.models.encoders.image_network import ImageNetwork
from vidfer.models.encoders.timm_library import REDUCTIONS, timm_model
from vidfer.models.encoders.timm_names import timm_names
from vidfer.models.pretrained.onnx_weights import onnx_weights


class TimmNetwork(ImageNetwork):
    """All of a network but its classifier.

    A network with stages gives their maps. The blocks of a transformer have maps of one size; those of four
    blocks, evenly spaced, are its stages. Class tokens and register tokens are no part of maps.
    """

    def __init__(self, name: str) -> None:
        """``name``: such as ``vit_small_patch14_reg4_dinov2``.

        Raises:
            MissingPackageError: timm is not installed.
            SettingError: timm does not have the network, or it gives no maps.
        """
        super().__init__()
        self.name, self.remedy = name, f"give the weights of timm's {name}"
        self.network = whole_model(name)
        info = [(level["reduction"], level["num_chs"]) for level in self.network.feature_info]
        self.levels = stages_of([reduction for reduction, _ in info])
        self.stage_channels = tuple(info[level][1] for level in self.levels)
        patch_px = getattr(getattr(self.network, "patch_embed", None), "patch_size", 1)
        self.patch_px = patch_px[0] if isinstance(patch_px, (tuple, list)) else patch_px
        # A classifier that sees more than the maps' channels, as EfficientNet's, has a layer before it.
        self.vector_channels = getattr(self.network, "head_hidden_size", None) or self.network.num_features

    def forward(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """Images (N, 3, H, W) to four maps (N, C_s, h, w) and what the classifier sees, (N, C).

        Raises:
            SettingError: the network cannot see pictures of this size.
        """
        px = images.shape[-1]
        if px % self.patch_px:
            near = max(-(-px // self.patch_px), -(-32 // self.patch_px)) * self.patch_px
            raise SettingError(
                f"timm's {self.name} sees patches of {self.patch_px} pixels, and the crops have {px}; give "
                f"--encoder.input-px {near}"
            )
        images = images.contiguous(memory_format=torch.channels_last)  # faster on a CPU
        try:
            last, maps = self.network.forward_intermediates(images, indices=self.levels, output_fmt="NCHW")
        except (RuntimeError, AssertionError) as error:
            if "memory" in str(error):
                raise
            size = self.network.pretrained_cfg.get("input_size", (3, 224, 224))[-1]
            raise SettingError(
                f"timm's {self.name} cannot see pictures of {px} pixels ({error}); give --encoder.input-px "
                f"{size}"
            ) from error
        return list(maps), self.network.forward_head(last, pre_logits=True)

    def published_name(self, name: str) -> str:
        return name.removeprefix("network.")

    def published_names(self) -> set[str]:
        return {self.published_name(name) for name in self.state_dict()}

    def renamed(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        return timm_names(weights, self.network)

    def published_weights(self, path: Path) -> dict[str, Tensor]:
        if path.suffix == ".onnx":
            return onnx_weights(path, self.network, self.remedy)
        return super().published_weights(path)


def whole_model(name: str) -> nn.Module:
    """The network without its classifier; a transformer takes pictures of any size that its patches fit.

    Raises:
        MissingPackageError: timm is not installed.
        SettingError: timm does not have the network, or it gives no maps.
    """
    try:
        model = timm_model(name, num_classes=0, dynamic_img_size=True)
    except TypeError:  # a network that has no such option sees any size, or one only
        model = timm_model(name, num_classes=0)
    if not (hasattr(model, "forward_intermediates") and len(getattr(model, "feature_info", ())) >= 4):
        raise SettingError(
            f"timm's {name} does not give the maps of its stages or blocks, which vidfer needs; choose "
            "another network such as --encoder.network resnet18"
        )
    return model


def stages_of(reductions: list[int]) -> list[int]:
    """Which levels give the four maps: those of 1/4, 1/8, 1/16, 1/32, or four evenly spaced ones."""
    if all(reduction in reductions for reduction in REDUCTIONS):
        last = {reduction: level for level, reduction in enumerate(reductions)}
        return [last[reduction] for reduction in REDUCTIONS]
    return [(len(reductions) * part) // 4 - 1 for part in (1, 2, 3, 4)]
