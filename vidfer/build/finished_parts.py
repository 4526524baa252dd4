"""Which clips have parts already."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from vidfer.build.part import Part
from vidfer.build.parts_folder import FAILED, PartsFolder, is_group, part_key
from vidfer.errors import CacheError
from vidfer.store.schema import Header

Places = list[tuple[Path, int]]
"""The part of a clip, and the positions of the clip's faces in it, the main one first."""


@dataclass
class FinishedParts:
    """Where the clips are that parts hold, by :func:`vidfer.build.parts_folder.part_key`."""

    whole: dict[str, Places] = field(default_factory=dict)
    """Clips that were read to their end. Of a clip with a part of its own only the main face is listed."""
    failed: dict[str, Places] = field(default_factory=dict)
    """Clips that could not be read, or not to their end."""


def find_parts(parts: PartsFolder, header: Header) -> FinishedParts:
    """Find the clips of all parts.

    The name of a part tells which clip it is of; only parts of several clips are opened. One that is damaged
    counts for nothing, and its clips are read again.
    """
    found = FinishedParts()
    names = sorted(name for name in parts.names() if name.endswith(".part"))
    for name in sorted(names, key=is_group, reverse=True):  # a clip of its own goes before one in a group
        path = parts.folder / name
        if is_group(name):
            _add_group(found, path, header)
        elif name.endswith(f"{FAILED}.part"):
            found.failed[name.removesuffix(f"{FAILED}.part")] = [(path, 0)]
        else:
            found.whole[name.removesuffix(".part")] = [(path, 0)]
    return found


def _add_group(found: FinishedParts, path: Path, header: Header) -> None:
    try:
        part = Part(path, header)
    except CacheError:
        return
    part.close()
    for index, clip in enumerate(part.records):
        if clip.track_index == 0:
            places: Places = []
            (found.failed if clip.reason else found.whole)[part_key(clip)] = places
        places.append((path, index))
