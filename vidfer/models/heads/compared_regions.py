"""Which regions of the maps a relation head compares."""

from __future__ import annotations

from collections.abc import Sequence

from vidfer.errors import SettingError

COMPARED = {"all": slice(None), "face": slice(0, 1)}
"""Regions of ``Embedding.maps`` for each value of the setting ``regions`` of a head."""


def check_compared(regions: str, seen: Sequence[str]) -> None:
    """Raise a SettingError unless an encoder that sees some regions gives the maps that a head compares.

    Args:
        regions: setting of the head.
        seen: regions that the encoder looks at.
    """
    if regions not in COMPARED:
        raise SettingError(f"--head.regions {regions}: choose all or face")
    if regions == "face" and "face" not in seen:
        raise SettingError(
            f"--head.regions face: the encoder sees {' '.join(seen)} alone; add face to --encoder.regions, "
            "or choose --head.regions all"
        )
