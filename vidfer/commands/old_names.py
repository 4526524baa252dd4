"""Commands and options under the names that they had before, and what they are called now."""

from __future__ import annotations

from collections.abc import Collection, Sequence

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
    "--whiten": "--standardise",
    "--other-people": "--person-disjoint",
    "--pseudo.calibrate-from": "--pseudo.min-calibration-clips",
    "--episodes.other-people": "--episodes.person-disjoint",
    "--episodes.no-other-people": "--episodes.no-person-disjoint",
}

OLD_ENCODERS = {"face_mesh": "face_landmarker --encoder.features points"}
"""Encoders that are no more -> what to type now."""

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


def refuse_old_options(arguments: Sequence[str], known: Collection[str] | None = None) -> None:
    """Raise a SettingError for the first option under an old name, which tells the new one.

    Args:
        arguments: the command line.
        known: all options of the program, without ``--``, so that no option of a network is told that it does
            not have; None to tell any.
    """
    for argument in arguments:
        option = argument.partition("=")[0]
        new = new_name(option)
        if new is None:
            continue
        if known is not None and option.startswith("--model."):
            # A student's network is that of its teacher, but for the options of its own group.
            names = new, f"--student.{new.rpartition('.')[2].removeprefix('--')}"
            new = next((name for name in names if name.removeprefix("--") in known), None)
        if new is None:
            raise SettingError(f"there is no option {option}; --help lists all options")
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
