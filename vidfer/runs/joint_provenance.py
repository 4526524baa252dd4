"""What several checkpoints together were trained on."""

from __future__ import annotations

from collections.abc import Sequence

from vidfer.errors import SettingError
from vidfer.runs.provenance import Provenance
from vidfer.store.reader import CropCache

WEAKEST_FIRST = ("nothing", "not known", "clip", "subject")
"""Values of :meth:`vidfer.runs.provenance.Provenance.disjoint_by`."""


class JointProvenance:
    """The clips that any of several checkpoints has seen, as :class:`vidfer.runs.provenance.Provenance`."""

    def __init__(self, each: Sequence[Provenance], names: Sequence[str]) -> None:
        """``names`` of the checkpoints, for the result.

        Raises:
            SettingError: they hold out different clips, so that there are none to measure all of them on.
        """
        self.each, self.names, held_out = each, names, each[0].held_out
        # A clip of validation is one for all whose runs have divided this cache.
        of_cache = [one.parts for one in each if any(one.parts.values())]
        self.parts = {
            part: sorted(set.intersection(*({*parts[part]} for parts in of_cache)))
            for part in (of_cache[0] if of_cache else ())
        }
        if any(one.held_out != held_out for one in each):
            raise SettingError(
                f"{', '.join(names)} are of different folds, and so no clip is new to all of them; name "
                "checkpoints of the same fold"
            )
        self.held_out = held_out
        frames = [one.settings.get("data", {}).get("frames") for one in each]
        self.settings = {"data": {"frames": max(filter(None, frames))}} if any(frames) else {}

    def check_unseen(self, cache: CropCache, clips: Sequence[int], what: str) -> None:
        """Refuse clips that any of them has seen."""
        for one in self.each:
            one.check_unseen(cache, clips, what)

    def record(self, cache: CropCache, clips: Sequence[int]) -> dict:
        """The entries of a result file: the weakest of what is known, the fold, and who was fused."""
        records = [one.record(cache, clips) for one in self.each]
        weakest = min((one["disjoint_by"] for one in records), key=WEAKEST_FIRST.index)
        return {**records[0], "disjoint_by": weakest, "fused": ", ".join(self.names)}

    def warnings_about(self, cache: CropCache, clips: Sequence[int]) -> list[str]:
        """What a reader must know, and of which checkpoint."""
        return [
            f"{name}: {warning}"
            for name, one in zip(self.names, self.each, strict=True)
            for warning in one.warnings_about(cache, clips)
        ]
