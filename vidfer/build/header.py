"""The settings and versions of a cache that is built now, and how settings differ."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import vidfer
from vidfer.build.settings import BuildSettings
from vidfer.store.canonical_json import canonical_json
from vidfer.store.schema import Header

if TYPE_CHECKING:
    from vidfer.crops.settings import CropSettings

PACKAGES = ("torch", "facenet-pytorch", "opencv-python-headless", "decord", "av", "h5py", "numpy")


def header_of(crop_settings: CropSettings, build_settings: BuildSettings) -> Header:
    """The settings and versions of a cache that is built with these settings now."""
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


def settings_difference(found: dict | None, wanted: dict) -> str:
    """The settings that differ, as ``size_px: there 48, wanted 32``.

    Args:
        found: what a file says, as :meth:`vidfer.store.schema.Header.shaping`; None if it cannot be read.
        wanted: the same for the settings that are given now.
    """
    found, wanted = _flat(found or {}), _flat(wanted)
    there, now = found.get("crops_version") or 0, wanted.get("crops_version") or 0
    if there != now:
        age = "an older" if there < now else "a newer"
        return f"made by {age} vidfer whose crops differ: crops version {there}, not {now}"
    names = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
    return "; ".join(f"{name}: there {found.get(name)}, wanted {wanted.get(name)}" for name in names)


def _flat(settings: dict) -> dict:
    return {k: v for k, v in settings.items() if k != "crop_settings"} | settings.get("crop_settings", {})
