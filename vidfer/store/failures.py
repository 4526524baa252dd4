"""The clips of a cache with which something went wrong, and the reasons."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from vidfer.errors import SettingError
from vidfer.percent import percent
from vidfer.store.reader import CropCache
from vidfer.tables import write_table

FEW = 0.5
"""A clip is listed when the share of its frames with a face is below this."""

MAX_LISTED = 20
"""The text names so many clips of each reason. The table has all of them."""

KINDS = {
    "unreadable": "could not be read",
    "cut short": "could be read only up to a damaged place",
    "no face": "were read and show no face",
    "few faces": f"show a face in less than {percent(FEW)} of their frames",
}
"""What may have gone wrong with a clip, worst first."""


@dataclass(frozen=True)
class Failure:
    """A clip with which something went wrong. One that is cut short and shows few faces is listed twice."""

    id: str
    kind: str
    """One of :data:`KINDS`."""
    reason: str
    n_frames: int
    n_faces: int


def list_failures(cache: CropCache) -> list[Failure]:
    """All failures, in the order of :data:`KINDS` and then of the ids."""
    found = []
    for clip in cache.clips:
        kinds = []
        if clip.reason:
            kinds.append(("cut short" if clip.n_frames else "unreadable", clip.reason))
        if clip.n_frames and not clip.n_faces:
            kinds.append(("no face", "no face found in any frame"))
        elif clip.n_faces < FEW * clip.n_frames:
            kinds.append(("few faces", f"a face in {percent(clip.n_faces / clip.n_frames)} of the frames"))
        found += [Failure(clip.id, kind, why, clip.n_frames, clip.n_faces) for kind, why in kinds]
    return sorted(found, key=lambda failure: list(KINDS).index(failure.kind))


def failures_page(cache: CropCache) -> str:
    """All failures as text for a terminal: by kind and by reason, with numbers and ids."""
    failures = list_failures(cache)
    n_wrong = len({failure.id for failure in failures})
    if not n_wrong:
        return (
            f"{cache.path}: nothing went wrong; each of the {len(cache)} clips was read to its end and shows "
            f"a face in {percent(FEW)} of its frames or more"
        )
    lines = [f"{cache.path}: something went wrong with {n_wrong} of {len(cache)} clips"]
    for kind, what in KINDS.items():
        of_kind = [failure for failure in failures if failure.kind == kind]
        if of_kind:
            lines += ["", f"{len(of_kind):,} {what}"]
            lines += _by_share(of_kind) if kind == "few faces" else _by_reason(of_kind)
    return "\n".join(lines)


def write_failures(cache: CropCache, out: Path) -> int:
    """Write all failures as a CSV table, one row for each; return their number.

    Raises:
        SettingError: ``out`` does not end in ``.csv``.
    """
    if out.suffix.lower() != ".csv":
        raise SettingError(f"{out} does not end in .csv; name a .csv file to write")
    failures = list_failures(cache)
    columns = [field.name for field in fields(Failure)]
    write_table(out, columns, (astuple(failure) for failure in failures))
    return len(failures)


def _by_reason(failures: list[Failure]) -> list[str]:
    """Failures by reason, the most frequent first. Reasons that differ only in numbers and ids are one."""
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
    more = [f"    and {len(items) - MAX_LISTED:,} more"] if len(items) > MAX_LISTED else []
    return [f"    {item}" for item in items[:MAX_LISTED]] + more
