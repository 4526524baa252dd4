"""Finds files and folders by the paths that tables and lists write."""

from __future__ import annotations

from pathlib import Path

from vidfer.names import id_key


class NamedPaths:
    r"""Files and folders by their paths, however a table spells them.

    A path is taken as it is where that exists. Otherwise backslashes are slashes (``a\x.mp4``, as Windows
    writes it), and a name in one Unicode form finds the file in the other: macOS keeps ``zöe.mp4`` in NFD,
    and a table may have it in NFC.

    Args:
        folder: where relative paths begin.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: dict[Path, dict[str, list[str]]] = {}

    def find(self, text: str) -> Path | None:
        """The file or folder that a path means; None if there is none, or if it may be two."""
        path = self.folder / text
        if _exists(path):
            return path
        if text.isascii() and "\\" not in text:
            return None
        wanted = Path(text.replace("\\", "/"))
        found, parts = (
            (Path(wanted.anchor), wanted.parts[1:]) if wanted.is_absolute() else (self.folder, wanted.parts)
        )
        for part in parts:
            if not _exists(found / part):
                names = self._names_in(found).get(id_key(part), ())
                if len(names) != 1:
                    return None
                part = names[0]
            found = found / part
        return found

    def _names_in(self, folder: Path) -> dict[str, list[str]]:
        if folder not in self._names:
            names: dict[str, list[str]] = {}
            try:
                for path in folder.iterdir():
                    names.setdefault(id_key(path.name), []).append(path.name)
            except OSError:  # no folder, or one that may not be read
                pass
            self._names[folder] = names
        return self._names[folder]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that the disk cannot have, such as one that is too long
        return False
