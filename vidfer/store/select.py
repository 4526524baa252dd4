"""Selecting clips of a cache by split, label, subject, source, id or face."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vidfer.errors import DataError, SettingError
from vidfer.names import Ids, Names
from vidfer.tables import read_lines

if TYPE_CHECKING:
    from vidfer.store.reader import CropCache
    from vidfer.store.records import CachedClip

NONE = "none"
"""What a user writes for a missing label, subject or split."""

FIELDS = ("split", "label", "subject", "source")


@dataclass(frozen=True, kw_only=True)
class ClipFilter:
    """Options that select clips. A clip must match every option that is given, with one of its values."""

    split: tuple[str, ...] = ()
    """Clips of these splits, such as `train val`; `none` selects clips without a split."""
    label: tuple[str, ...] = ()
    """Clips with these labels; `none` selects clips without a label."""
    subject: tuple[str, ...] = ()
    """Clips of these subjects; `none` selects clips without a subject."""
    source: tuple[str, ...] = ()
    """Clips from these kinds of data set, such as `afew`."""
    clip: tuple[str, ...] = ()
    """Clips with these ids."""
    ids: Path | None = None
    """Clips whose ids are in this text file, one id on each line."""
    with_face: bool = False
    """Clips that show a face in at least one frame."""
    without_face: bool = False
    """Clips that show no face in any frame, or could not be read."""

    def __post_init__(self) -> None:
        if self.with_face and self.without_face:
            raise SettingError("no clip matches both --with-face and --without-face; give one of them")


def select_clips(cache: CropCache, clip_filter: ClipFilter) -> list[int]:
    """Positions of the selected clips in a cache, in rising order.

    Raises:
        SettingError: no option is given, no clip has one of the values, or no clip matches all options.
        DataError: the file of ids cannot be used, or the cache lacks one of the ids.
    """
    if clip_filter == ClipFilter():
        names = ", ".join(f"--{name.replace('_', '-')}" for name in vars(clip_filter))
        raise SettingError(f"no clip of {cache.path} is selected; give one or more of {names}")
    matches = [True] * len(cache)
    for field in FIELDS:
        if names := getattr(clip_filter, field):
            wanted, values = Names(names), [getattr(clip, field) or NONE for clip in cache.clips]
            _check_values(cache, field, names, values)
            matches = [match and value in wanted for match, value in zip(matches, values)]
    if clip_filter.clip or clip_filter.ids is not None:
        wanted = {position_of(cache, clip_id) for clip_id in clip_filter.clip}
        if clip_filter.ids is not None:
            wanted.update(positions_of(cache, _read_ids(clip_filter.ids), clip_filter.ids))
        matches = [match and index in wanted for index, match in enumerate(matches)]
    if clip_filter.with_face or clip_filter.without_face:
        matches = [
            match and bool(clip.n_faces) == clip_filter.with_face for match, clip in zip(matches, cache.clips)
        ]
    selected = [index for index, match in enumerate(matches) if match]
    if not selected:
        raise SettingError(f"none of the {len(cache)} clips of {cache.path} matches; leave an option out")
    return selected


def position_of(cache: CropCache, clip_id: str) -> int:
    """Position of the clip with this id, or with another spelling of it (:class:`vidfer.names.Ids`).

    Raises:
        DataError: the cache has no such clip. The message gives similar ids.
    """
    position = Ids(clip.id for clip in cache.clips).place(clip_id)
    if position is None:
        raise DataError(f"{cache.path} has no clip '{clip_id}'{similar_ids(clip_id, cache.clips)}")
    return position


def positions_of(cache: CropCache, ids: Sequence[str], named_in: Path) -> list[int]:
    """Positions of the clips with these ids, which stand in a file, each as :func:`position_of`.

    Raises:
        DataError: the cache lacks some; the message gives their number, the first one and similar ids. Or two
            ids are spellings of one.
    """
    known = Ids(clip.id for clip in cache.clips)
    places = [known.place(clip_id) for clip_id in ids]
    absent = [clip_id for clip_id, place in zip(ids, places) if place is None]
    if absent:
        raise DataError(
            f"{len(absent)} of {len(ids)} ids in {named_in} are not in {cache.path}, the first is "
            f"'{absent[0]}'{similar_ids(absent[0], cache.clips)}"
        )
    first: dict[int, str] = {}
    for clip_id, place in zip(ids, places):
        if first.setdefault(place, clip_id) != clip_id:
            raise DataError(
                f"{named_in} names the clip '{cache.clips[place].id}' twice, as '{first[place]}' and as "
                f"'{clip_id}'; delete one of them"
            )
    return places


def similar_ids(clip_id: str, clips: Sequence[CachedClip]) -> str:
    """The end of a message about an unknown id: ids that the user may have meant, or an empty text."""
    ids = [clip.id for clip in clips]
    end = "/" + clip_id.rsplit("/", 1)[-1]
    same_name = [other for other in ids if f"/{other}".endswith(end)][:3]
    near = same_name or difflib.get_close_matches(clip_id, ids[:20_000], n=3, cutoff=0.3)
    return f"; similar ones: {', '.join(near)}" if near else ""


def _check_values(cache: CropCache, field: str, wanted: Sequence[str], values: Collection[str]) -> None:
    known = set(values)
    there = Names(known)
    unknown = sorted(name for name in wanted if name not in there)
    if unknown:
        near = difflib.get_close_matches(unknown[0], sorted(known), n=8, cutoff=0.6) or sorted(known)[:12]
        more = ", ..." if len(near) == 12 < len(known) else ""
        raise SettingError(
            f"no clip of {cache.path} has the {field} '{unknown[0]}'; it has {', '.join(near)}{more}"
        )


def _read_ids(file: Path) -> list[str]:
    ids = [line for _, line in read_lines(file)]
    if not ids:
        raise DataError(f"{file} is empty; write one clip id on each line")
    return list(dict.fromkeys(ids))
