"""Settings and progress of runs that were written under older names."""

from __future__ import annotations

from typing import Any

from vidfer.models.migrate import nested_model

RENAMED_OPTIONS = {"optimiser": "optim", "imagenet": "weights"}
RENAMED = {
    "pseudo": {"calibrate_from": "min_calibration_clips"},
    "episodes": {"other_people": "person_disjoint"},
}
GONE_IF_OFF = {"whiten": ("whiten", "whiten_shrinkage")}
"""Option that is no more -> it and its further options, which an old run that did not use it may have."""

RENAMED_IN_PROGRESS = {"begun": "training_started"}


def current_progress(found: dict[str, Any]) -> dict[str, Any]:
    """The progress of a saved state with the names of today."""
    return {RENAMED_IN_PROGRESS.get(name, name): value for name, value in found.items()}


def current_settings(found: dict[str, Any]) -> dict[str, Any]:
    """The content of a ``settings.json`` with the names of today.

    Before, ``model`` was one flat table, ``optim`` was ``optimiser``, ``weights`` was
    ``imagenet``, and a few options had other names.
    """
    settings = {RENAMED_OPTIONS.get(name, name): value for name, value in found.items() if name != "model"}
    for option, names in GONE_IF_OFF.items():
        if settings.get(option) is None:
            settings = {name: value for name, value in settings.items() if name not in names}
    if "model" in found:
        model = nested_model(found["model"])
        settings |= {"encoder": model["encoder"], "head": model["head"]}
        settings |= {"dropout": model["dropout"]} if "dropout" in model else {}
    for group, names in RENAMED.items():
        if isinstance(settings.get(group), dict):
            settings[group] = {names.get(name, name): value for name, value in settings[group].items()}
    if isinstance(settings.get("student"), dict) and ":" in (settings["student"].get("encoder") or ""):
        encoder, _, network = settings["student"]["encoder"].partition(":")
        settings["student"] = settings["student"] | {"encoder": encoder, "network": network}
    return settings
