"""Commands and options under the names that they had before, and what they are called now."""

from __future__ import annotations

from collections.abc import Sequence

from vidfer.errors import SettingError

OF_COMMANDS = {
    "compare": "results compare",
    "pool": "results pool",
    "episodes": "results episodes",
    "folds": "sources folds",
    "remove": "export --drop",
}

OF_MODEL = {
    "encoder": "--encoder",
    "head": "--head",
    "dropout": "--dropout",
    "conv4-pools": "--encoder.pools",
    "head-regions": "--head.regions",
    **{name: f"--head.{name}" for name in ("prototype-weight", "pairing", "distance", "cosine-scale")},
    **{name: f"--head.{name}" for name in ("js-weight", "js-form")},
}
"""What was ``--model.NAME``; every other one is now ``--encoder.NAME``."""

OTHERS = {
    "--imagenet": "--weights",
    "--other-people": "--person-disjoint",
    "--pseudo.calibrate-from": "--pseudo.min-calibration-clips",
    "--episodes.other-people": "--episodes.person-disjoint",
    "--episodes.no-other-people": "--episodes.no-person-disjoint",
}

IN_FILES = {
    "imagenet": "weights",
    "model": "encoder, head and dropout, each without model",
    "optimiser": "optim",
    "calibrate_from": "min_calibration_clips",
    "other_people": "person_disjoint",
    "conv4_pools": "pools",
    "head_regions": "regions",
}
"""Names in files of settings, and what to write now."""


def refuse_old_options(arguments: Sequence[str]) -> None:
    """Raise a SettingError for the first option under an old name, which tells the new one."""
    for argument in arguments:
        option = argument.partition("=")[0]
        if (new := new_name(option)) is not None:
            raise SettingError(f"{option} is now {new}")


def new_name(option: str) -> str | None:
    """The new name of an option, or None if the option has no new name."""
    option = option.replace("_", "-")
    group, _, name = option.partition(".")
    if group == "--optimiser":
        return f"--optim.{name}"
    if group == "--model":
        return OF_MODEL.get(name, f"--encoder.{name}")
    return OTHERS.get(option)
