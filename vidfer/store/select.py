"""Which clips of a cache are meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vidfer.errors import VidferError

if TYPE_CHECKING:
    from vidfer.store.reader import CropCache
    from vidfer.store.records import CachedClip

NONE = "none"
"""How a user names what a clip does not have: a label, a subject, a split."""

FIELDS = ("split", "label", "subject", "source")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The clips that fit every given option; where an option has several values, one of them has to fit."""

    split: tuple[str, ...] = ()
    """Clips of these splits, such as `train val`; `none` are those without one."""
    label: tuple[str, ...] = ()
    """Clips with these labels; `none` are those without one."""
    subject: tuple[str, ...] = ()
    """Clips of these subjects; `none` are those without one."""
    source: tuple[str, ...] = ()
    """Clips from these kinds of data set, such as `afew`."""
    clip: tuple[str, ...] = ()
    """Clips of these ids."""
    ids: Path | None = None
    """The same from a text file, one id on each line."""
    with_face: bool = False
    """Clips that show a face in at least one frame."""
    without_face: bool = False
    """Clips that show no face in any frame, or could not be read."""

    def __post_init__(self) -> None:
        if self.with_face and self.without_face:
            raise VidferError("no clip is both --with-face and --without-face; choose one of them")


def choose(cache: CropCache, choice: Choice) -> list[int]:
    """Positions of the chosen clips in a cache, rising.

    Raises:
        VidferError: when no option is given, a value or an id is that of no clip, or no clip fits.
    """
    if choice == Choice():
        names = ", ".join(f"--{name.replace('_', '-')}" for name in vars(choice))
        raise VidferError(f"say which clips of {cache.path} are meant: {names}")
    fitting = [True] * len(cache)
    for field in FIELDS:
        wanted = set(getattr(choice, field))
        if wanted:
            values = [getattr(clip, field) or NONE for clip in cache.clips]
            _check_values(cache, field, wanted, values)
            fitting = [fits and value in wanted for fits, value in zip(fitting, values)]
    if choice.clip or choice.ids is not None:
        wanted = {position_of(cache, clip_id) for clip_id in choice.clip}
        if choice.ids is not None:
            wanted.update(positions_of(cache, _read_ids(choice.ids), choice.ids))
        fitting = [fits and index in wanted for index, fits in enumerate(fitting)]
    if choice.with_face or choice.without_face:
        fitting = [
            fits and bool(clip.n_faces) == choice.with_face for fits, clip in zip(fitting, cache.clips)
        ]
    chosen = [index for index, fits in enumerate(fitting) if fits]
    if not chosen:
        raise VidferError(f"none of the {len(cache)} clips of {cache.path} fits; loosen an option")
    return chosen


def position_of(cache: CropCache, clip_id: str) -> int:
    """Position of the clip with an id.

    Raises:
        VidferError: when there is none, with similar ids.
    """
    for position, clip in enumerate(cache.clips):
        if clip.id == clip_id:
            return position
    raise VidferError(f"{cache.path} has no clip '{clip_id}'{similar(clip_id, cache.clips)}")


def positions_of(cache: CropCache, ids: Sequence[str], named_in: Path) -> list[int]:
    """Positions of clips that a file names by their ids.

    Raises:
        VidferError: when the cache lacks some, with their number, the first one and similar ids.
    """
    position = {clip.id: index for index, clip in enumerate(cache.clips)}
    absent = [clip_id for clip_id in ids if clip_id not in position]
    if absent:
        raise VidferError(
            f"{len(absent)} of {len(ids)} ids in {named_in} are not in {cache.path}, first '{absent[0]}'"
            f"{similar(absent[0], cache.clips)}"
        )
    return [position[clip_id] for clip_id in ids]


def similar(clip_id: str, clips: Sequence[CachedClip]) -> str:
    """What a user may have meant by an id that is not there; empty when nothing comes near."""
    ids = [clip.id for clip in clips]
    end = "/" + clip_id.rsplit("/", 1)[-1]
    same_name = [other for other in ids if f"/{other}".endswith(end)][:3]
    near = same_name or difflib.get_close_matches(clip_id, ids[:20_000], n=3, cutoff=0.3)
    return f"; similar ones: {', '.join(near)}" if near else ""


def _check_values(cache: CropCache, field: str, wanted: set[str], values: Collection[str]) -> None:
    known = set(values)
    unknown = sorted(wanted - known)
    if unknown:
        near = difflib.get_close_matches(unknown[0], sorted(known), n=8, cutoff=0.6) or sorted(known)[:12]
        more = ", ..." if len(near) == 12 < len(known) else ""
        raise VidferError(
            f"no clip of {cache.path} has the {field} '{unknown[0]}'; it has {', '.join(near)}{more}"
        )


def _read_ids(file: Path) -> list[str]:
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise VidferError(f"{file} is not UTF-8 text; write one id of a clip on each line") from error
    ids = [line.strip() for line in lines if line.strip()]
    if not ids:
        raise VidferError(f"{file} is empty; write one id of a clip on each line")
    return list(dict.fromkeys(ids))
