"""Which file of ``--weights`` is for which encoder. There is no torch here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vidfer.errors import SettingError
from vidfer.models.settings import EncoderSettings

SINGLE = ""
"""Stands for the name of an encoder that is alone."""


def named_weights(files: Sequence[Path], encoder: EncoderSettings) -> dict[str, Path]:
    """The file of each encoder: ``FILE`` for a single one, ``NAME=FILE`` where several stand side by side.

    Args:
        files: as the user gave them.
        encoder: settings of the encoder.

    Returns:
        Name of the encoder, or :data:`SINGLE` -> file.

    Raises:
        SettingError: several files for a single encoder; a file without the name of its encoder, or with
            another name.
    """
    names = [*encoder.side_by_side]
    if not names:
        if len(files) > 1:
            raise SettingError(
                f"--weights {' '.join(map(str, files))}: {encoder.name} takes one file; name several with "
                "--encoder a+b --weights a=FILE b=FILE"
            )
        return dict.fromkeys([SINGLE], files[0]) if files else {}
    found: dict[str, Path] = {}
    for given in files:
        name, sign, file = str(given).partition("=")
        if not sign or not file or name not in names:
            raise SettingError(
                f"--weights {given}: say whose they are, such as --weights {names[0]}=FILE; "
                f"the encoders side by side are {', '.join(names)}"
            )
        if name in found:
            raise SettingError(f"--weights {given}: {name} has {found[name]} already; leave one out")
        found[name] = Path(file)
    return found
