"""The root attributes of a cache that is built now."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import vidfer
from vidfer.build.settings import BuildSettings
from vidfer.store.schema import Header, canonical_json

if TYPE_CHECKING:
    from vidfer.crops.settings import CropSettings

PACKAGES = ("torch", "facenet-pytorch", "opencv-python-headless", "decord", "av", "h5py", "numpy")


def header_of(crop_settings: CropSettings, build_settings: BuildSettings) -> Header:
    """The root attributes of a cache that is built with these settings now."""
    settings = json.loads(canonical_json(asdict(crop_settings)))
    model = Path(str(settings.get("enhance", "")))
    if model.is_file():  # the model counts, not where it lies
        settings["enhance"] = f"{model.name} {hashlib.sha256(model.read_bytes()).hexdigest()}"
    return Header(
        crop_settings=settings,
        codec=build_settings.codec,
        quality=build_settings.quality_for(crop_settings.size_px) if build_settings.codec == "jpeg" else None,
        size_px=crop_settings.size_px,
        versions={"vidfer": vidfer.__version__} | {name: _version(name) for name in PACKAGES},
    )


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
