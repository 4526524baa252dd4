"""When two names are the same: of subjects, of labels, and of clips.

People and systems write one name in several ways. ``Ann`` and ``ann`` are one person. ``ö`` is one character
(Unicode's form NFC) or an ``o`` with a mark behind it (NFD, as macOS writes file names). A Windows program
writes ``a\\x.mp4`` for ``a/x.mp4``. Whoever compares such names does it with this file.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from unicodedata import is_normalized, normalize

NAMED = 3
"""A sentence names so many pairs of spellings."""


def name_key(name: str) -> str:
    r"""What subjects and labels are compared by: the same for all spellings of a name.

    Spellings may differ in case and in how accents are encoded: a canonical caseless match (Unicode Standard
    3.13, D145).

    >>> name_key("ANN") == name_key("ann"), name_key("z\xf6e") == name_key("Zo\u0308e")
    (True, True)
    """
    return name.lower() if name.isascii() else normalize("NFC", normalize("NFD", name).casefold())


def same_names(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether two lists hold the same names in the same order, in any spelling."""
    return [*map(name_key, some)] == [*map(name_key, others)]


def id_key(text: str) -> str:
    """What ids and paths are compared by: in NFC, with forward slashes. Case counts, as on many disks."""
    return normalize("NFC", text).replace("\\", "/")


class Names:
    """Names of classes or subjects, found by any of their spellings.

    Args:
        names: each has the number of its place, from 0.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._place: dict[str, int] = {}
        for place, name in enumerate(self._names):
            self._place.setdefault(name_key(name), place)

    def __contains__(self, name: str | None) -> bool:
        return self.place(name) is not None

    def place(self, name: str | None) -> int | None:
        """The place of a name; None if it is not there."""
        return None if name is None else self._place.get(name_key(name))

    def spelt(self, name: str) -> str:
        """A name as it is spelt here; as it is given if it is not there."""
        place = self.place(name)
        return name if place is None else self._names[place]


class Ids:
    """Ids of clips, found as they are or by another spelling of the same path.

    Args:
        ids: each has the number of its place, from 0.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        self._place = {clip_id: place for place, clip_id in enumerate(ids)}
        self._by_key: dict[str, list[int]] | None = None

    def place(self, clip_id: str) -> int | None:
        """The place of an id; None if it is not there, or if several ids are spellings of it."""
        if clip_id in self._place:
            return self._place[clip_id]
        if self._by_key is None:  # most callers never need it
            self._by_key = {}
            for other, place in self._place.items():
                self._by_key.setdefault(id_key(other), []).append(place)
        found = self._by_key.get(id_key(clip_id), ())
        return found[0] if len(found) == 1 else None


def other_spellings(names: Iterable[Hashable]) -> dict[str, str]:
    """Each spelling that meets another one of the same name -> the one that is used for both.

    The one in NFC is used, and of several the one in small letters: which one it is depends on the spellings
    alone, not on who has more clips. Where no two spellings meet, the dict is empty.
    """
    groups: dict[str, list[str]] = {}
    for name in {name for name in names if isinstance(name, str)}:
        groups.setdefault(name_key(name), []).append(name)
    used = {key: max(group, key=_preference) for key, group in groups.items() if len(group) > 1}
    return {name: used[key] for key in sorted(used) for name in sorted(groups[key]) if name != used[key]}


def in_one_spelling(names: Iterable[Hashable]) -> list[Hashable]:
    """The same names, but each in one spelling. What is no text stays as it is."""
    names = list(names)
    used = other_spellings(names)
    return [used.get(name, name) for name in names] if used else names


def spelling_note(what: str, used: Mapping[str, str]) -> str:
    """A sentence that tells which spellings are taken for one name.

    Args:
        what: ``subject`` or ``label``.
        used: from :func:`other_spellings`; not empty.
    """
    pairs = [f"{_shown(name)} is taken for {_shown(other)}" for name, other in [*used.items()][:NAMED]]
    more = f" and {len(used) - NAMED} more" if len(used) > NAMED else ""
    return f"two spellings of one {what}: {', '.join(pairs)}{more}"


def _preference(spelling: str) -> tuple[bool, str]:
    return is_normalized("NFC", spelling), spelling


def _shown(name: str) -> str:
    """A name for a message. The two forms of an accent look alike, so the message says which one it is."""
    return f"'{name}'" if is_normalized("NFC", name) else f"'{name}' (in NFD)"
