"""Parts of a model that a command line chooses by name: ``--encoder NAME`` and ``--head NAME``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from vidfer.commands.old_names import OLD_ENCODERS
from vidfer.errors import SettingError
from vidfer.models.pretrained.pretrained_settings import pretrained_settings
from vidfer.models.pretrained.table import PRETRAINED
from vidfer.models.settings import INIT, PLUS, options_of
from vidfer.nearest import did_you_mean

NONE = "none"
"""The name of no head."""


def known_parts(settings: type) -> dict[str, dict[str, type]]:
    """Settings classes by name, for each field of a recipe's settings that is a part of a model."""
    # A recipe has loaded torch anyway; a command that has no encoder does not need it.
    from vidfer.models.encoders import ENCODERS
    from vidfer.models.heads import HEADS

    every = {"encoder": ENCODERS, "head": HEADS}
    names = {field.name for field in fields(settings)}
    return {
        part: {name: kind.Settings for name, kind in kinds.items()}
        for part, kinds in every.items()
        if part in names
    }


def chosen_settings(part: str, name: str, kinds: Mapping[str, type], default: Any) -> Any:
    """Settings of the part of this name: the default ones if they are of it, otherwise its own defaults.

    Raises:
        SettingError: there is no such part.
    """
    if part == "head" and name.lower() == NONE:
        return None
    if part == "encoder" and PLUS in name:
        return _side_by_side(name, kinds, default)
    if part == "encoder" and name in PRETRAINED:
        return pretrained_settings(name, kinds)
    if name not in kinds:
        if part == "encoder" and name in OLD_ENCODERS:
            raise SettingError(
                f"--encoder {name} is now --encoder {OLD_ENCODERS[name]}; its checkpoints still work (--init)"
            )
        kind, _, network = name.partition(":")
        if network and kind in kinds:
            raise SettingError(f"--{part} {name} is now --{part} {kind} --{part}.network {network}")
        more = " or none" if part == "head" else ", or a pretrained one that `vidfer encoders` lists"
        meant = did_you_mean(name, [*kinds, *(PRETRAINED if part == "encoder" else ())]).removeprefix("; ")
        raise SettingError(f"--{part} {name}: {meant}{' ' * bool(meant)}choose {', '.join(kinds)}{more}")
    return default if default is not None and default.name == name else kinds[name]()


def _side_by_side(text: str, kinds: Mapping[str, type], default: Any) -> Any:
    """Settings of encoders side by side, each as it would be alone."""
    from vidfer.models.encoders.side_by_side_settings import EncoderOfInit, names_of_parts, side_by_side

    if name_of(default) == text:
        return default
    return side_by_side(
        {
            name: EncoderOfInit() if name == INIT else chosen_settings("encoder", name, kinds, default)
            for name in names_of_parts(text)
        }
    )


def name_of(chosen: Any) -> str:
    """What a user types for a part with these settings."""
    if getattr(chosen, "side_by_side", None):
        return chosen.title
    return NONE if chosen is None else getattr(chosen, "pretrained", None) or chosen.name


def named_part(part: str, arguments: Sequence[str]) -> str | None:
    """The name that ``--part NAME`` or ``--part=NAME`` gives, the last one if there are many."""
    found = None
    for argument, following in zip(arguments, [*arguments[1:], ""]):
        option, sign, value = argument.partition("=")
        if option == f"--{part}" and (sign or following):
            found = value if sign else following
    return found


def refuse_options_of_others(
    part: str, chosen: Any, kinds: Mapping[str, type], arguments: Sequence[str]
) -> None:
    """Raise a SettingError for an option that the chosen part does not have, and tell which one has it."""
    own = all_options(chosen)
    for argument in arguments:
        group, _, option = argument.partition("=")[0].partition(".")
        name = option.replace("-", "_")
        inside, dot, last = name.rpartition(".")
        # A switch can also be turned off: --head.no-NAME.
        if group == f"--{part}" and option and not own & {name, f"{inside}{dot}{last.removeprefix('no_')}"}:
            raise SettingError(f"--{part}.{option}: {unknown_option(part, option, chosen, kinds)}")


def all_options(chosen: Any) -> set[str]:
    """Names of the options of a part, and ``NAME.OPTION`` of encoders side by side."""
    if chosen is None:
        return set()
    inner = getattr(chosen, "side_by_side", {})
    nested = {f"{name}.{option}" for name, one in inner.items() for option in options_of(type(one))}
    return nested | ({*options_of(type(chosen))} - {*inner})


def unknown_option(part: str, option: str, chosen: Any, kinds: Mapping[str, type]) -> str:
    """Why the chosen part does not take an option, and which parts do."""
    if inner := getattr(chosen, "side_by_side", None):
        last = option.replace("-", "_").rpartition(".")[2].removeprefix("no_")
        having = [name for name, one in inner.items() if last in options_of(type(one))]
        if having:
            return f"say of which encoder: {' or '.join(f'--{part}.{name}.{last}' for name in having)}"
        has = ", ".join(sorted(all_options(chosen)))
        return f"there is no such option; {part} {name_of(chosen)} has {has}"
    name = NONE if chosen is None else chosen.name
    owners = [kind for kind, settings in kinds.items() if option.replace("-", "_") in options_of(settings)]
    if owners:
        return f"{part} {name} has no such option; it belongs to --{part} {' or '.join(owners)}"
    own = [] if chosen is None else options_of(type(chosen))
    return f"there is no such option; {part} {name} has {', '.join(own) or 'none'}"
