"""Networks of timm by name; timm is an optional extra."""

from __future__ import annotations

from torch import nn

from vidfer.errors import MissingPackageError, SettingError
from vidfer.models.without_weights import without_weights

REDUCTIONS = (4, 8, 16, 32)
"""How much smaller than the image the maps of the four stages are."""


def timm_model(name: str, **options) -> nn.Module:
    """timm's network with random weights; nothing is downloaded.

    Raises:
        MissingPackageError: timm is not installed.
        SettingError: it has no network of that name.
    """
    try:
        import timm
    except ImportError as error:
        raise MissingPackageError(
            "--encoder timm needs timm, which is not installed: pip install 'vidfer[timm]'"
        ) from error
    if name not in timm.list_models():
        near = timm.list_models(f"*{name[:6]}*")[:8]
        raise SettingError(
            f"timm {timm.__version__} has no network {name!r}; choose one such as --encoder.network resnet18"
            + (f", or: {' '.join(near)}" if near else "")
        )
    return timm.create_model(name, pretrained=False, **options)


def has_stages(name: str) -> bool:
    """Whether the network has stages of 1/4, 1/8, 1/16 and 1/32 whose maps have their channels first.

    Raises:
        MissingPackageError, SettingError: as :func:`timm_model`.
    """
    with without_weights():
        model = timm_model(name)
    reductions = {level.get("reduction") for level in getattr(model, "feature_info", None) or ()}
    return {*REDUCTIONS} <= reductions and getattr(model, "output_fmt", "NCHW") == "NCHW"
