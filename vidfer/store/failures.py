"""Everything that went wrong in making a cache, with reasons."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from vidfer.errors import VidferError
from vidfer.store.reader import CropCache
from vidfer.tables import write_table

FEW = 0.5
"""A clip that shows a face in a smaller share of its frames than this is listed."""

LISTED = 20
"""So many clips of each reason are named on the page; all are in the table."""

KINDS = {
    "unreadable": "could not be read",
    "cut short": "could be read only up to a damaged place",
    "no face": "were read and show no face",
    "few faces": f"show a face in less than {FEW:.0%} of their frames".replace("%", " %"),
}
"""What may have gone wrong with a clip, worst first."""


@dataclass(frozen=True)
class Failure:
    """A clip with which something went wrong; one that is cut short and shows few faces is listed twice."""

    id: str
    kind: str
    """One of :data:`KINDS`."""
    reason: str
    n_frames: int
    n_faces: int


def list_failures(cache: CropCache) -> list[Failure]:
    """What went wrong, in the order of :data:`KINDS` and of the ids."""
    found = []
    for clip in cache.clips:
        kinds = []
        if clip.reason:
            kinds.append(("cut short" if clip.n_frames else "unreadable", clip.reason))
        if clip.n_frames and not clip.n_faces:
            kinds.append(("no face", "no face found in any frame"))
        elif clip.n_faces < FEW * clip.n_frames:
            kinds.append(("few faces", f"a face in {clip.n_faces / clip.n_frames:.0%} of the frames"))
        found += [Failure(clip.id, kind, why, clip.n_frames, clip.n_faces) for kind, why in kinds]
    return sorted(found, key=lambda failure: list(KINDS).index(failure.kind))


def failures_page(cache: CropCache) -> str:
    """What went wrong as text for a terminal: clips by kind and by reason, with numbers and ids."""
    failures = list_failures(cache)
    n_wrong = len({failure.id for failure in failures})
    if not n_wrong:
        return (
            f"{cache.path}: nothing went wrong; each of the {len(cache)} clips was read to its end and shows "
            f"a face in {FEW:.0%} of its frames or more".replace("0%", "0 %")
        )
    lines = [f"{cache.path}: something went wrong with {n_wrong} of {len(cache)} clips"]
    for kind, what in KINDS.items():
        of_kind = [failure for failure in failures if failure.kind == kind]
        if of_kind:
            lines += ["", f"{len(of_kind):,} {what}"]
            lines += _by_share(of_kind) if kind == "few faces" else _by_reason(of_kind)
    return "\n".join(lines)


def write_failures(cache: CropCache, out: Path) -> int:
    """Write what went wrong as a CSV table, one line for each; returns their number.

    Raises:
        VidferError: when ``out`` is no ``.csv``.
    """
    if out.suffix.lower() != ".csv":
        raise VidferError(f"{out} does not end in .csv; name the table to write")
    failures = list_failures(cache)
    columns = [field.name for field in fields(Failure)]
    write_table(out, columns, (astuple(failure) for failure in failures))
    return len(failures)


def _by_reason(failures: list[Failure]) -> list[str]:
    """Reasons that differ in numbers and names only are one; the most frequent first."""
    groups: dict[str, list[Failure]] = {}
    for failure in failures:
        plain = re.sub(r"\d+([.:]\d+)*", "...", failure.reason.replace(failure.id, "..."))
        groups.setdefault(plain, []).append(failure)
    lines = []
    for plain, group in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        reasons = {failure.reason for failure in group}
        if failures[0].kind != "no face":
            lines.append(f"  {len(group):,} x {reasons.pop() if len(reasons) == 1 else plain}")
        lines += _named([failure.id for failure in group])
    return lines


def _by_share(failures: list[Failure]) -> list[str]:
    failures = sorted(failures, key=lambda failure: failure.n_faces / failure.n_frames)
    return _named([f"{f.id}: {f.n_faces} of {f.n_frames} frames" for f in failures])


def _named(items: list[str]) -> list[str]:
    more = [f"    and {len(items) - LISTED:,} more"] if len(items) > LISTED else []
    return [f"    {item}" for item in items[:LISTED]] + more
