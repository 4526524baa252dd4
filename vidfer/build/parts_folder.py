"""The folder of finished clips beside a cache that is being built."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vidfer.build.header import settings_difference
from vidfer.build.write_part import failed, write_part
from vidfer.errors import CacheError
from vidfer.files import disk_fault, write_text
from vidfer.store.canonical_json import json_hash
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header

FAILED = ".failed"
"""In the name of a part whose clip could not be read, or not to its end."""


GROUP = ".group"
"""In the name of a part of several clips."""


def is_group(name: str) -> bool:
    """Whether this is the name of a part of several clips."""
    return name.endswith(f"{GROUP}.part")


def part_key(record: CachedClip) -> str:
    """The name of the part of a clip, without its ending: a hash over what decides the crops."""
    return json_hash(record.video_key())[:32]


@dataclass(frozen=True)
class PartsFolder:
    """The folder ``<out>.parts``: a file for each finished clip, whose name tells which clip it is of, or for
    a group of small clips; see :mod:`vidfer.build.finished_parts`."""

    folder: Path

    @staticmethod
    def beside(out: Path) -> PartsFolder:
        """The parts folder of the cache ``out``."""
        return PartsFolder(out.with_name(out.name + ".parts"))

    def path_of(self, record: CachedClip) -> Path:
        """The part of a clip. A clip that was not read to its end has a part of another name."""
        return self.folder / f"{part_key(record)}{FAILED if record.reason else ''}.part"

    def path_of_group(self, records: Sequence[CachedClip]) -> Path:
        """The part of several clips."""
        return self.folder / f"{json_hash([part_key(record) for record in records])[:32]}{GROUP}.part"

    def is_part(self, path: Path) -> bool:
        """Whether this is the path of a part in this folder."""
        return path.parent == self.folder and path.suffix == ".part"

    def joined_files(self) -> list[Path]:
        """Files in which an earlier start began to join parts, the newest first."""
        return sorted((self.folder / name for name in self.names() if name.endswith(".joined")), reverse=True)

    def new_joined_file(self) -> Path:
        """The name of another such file."""
        newest = next((int(path.stem) for path in self.joined_files()), 0)
        return self.folder / f"{newest + 1:06d}.joined"

    def names(self) -> set[str]:
        """Names of all files in the folder. A folder that does not exist has none."""
        return {path.name for path in self.folder.iterdir()} if self.folder.is_dir() else set()

    def prepare(self, header: Header, overwrite: bool) -> None:
        """Make the folder ready for parts of these settings, and delete half-written files.

        Args:
            header: the settings.
            overwrite: delete parts that were made with other settings.

        Raises:
            CacheError: the folder holds parts of other settings, and ``overwrite`` is False.
        """
        for name in self.names():
            if name.endswith(".tmp"):
                (self.folder / name).unlink()
        file = self.folder / "settings.json"
        wanted = header.shaping()
        if file.is_file():
            try:
                found = json.loads(file.read_text("utf-8"))
            except ValueError:
                found = None
            if found == wanted:
                return
            if not overwrite:
                raise CacheError(
                    f"{self.folder} holds finished clips that were made with other settings "
                    f"({settings_difference(found, wanted)}); give the earlier settings to continue, another "
                    f"--out to keep these clips, or --overwrite to delete them"
                )
            for name in self.names() - {"lock"}:
                (self.folder / name).unlink()
        write_text(file, json.dumps(wanted, indent=2, ensure_ascii=False) + "\n")

    def remove_if_empty(self) -> None:
        """Delete the folder, unless it holds finished clips."""
        if not any(name.endswith((".part", ".joined")) for name in self.names()):
            self.remove()

    def remove(self) -> None:
        """Delete the folder with all parts."""
        shutil.rmtree(self.folder, ignore_errors=True)


def store_failure(parts: PartsFolder, header: Header, record: CachedClip, reason: str) -> CachedClip:
    """Write the part of a clip that could not be read, and return its record.

    Raises:
        DiskError: the disk is full or broken.
    """
    record = failed(record, reason)
    try:
        return write_part(parts.path_of(record), header, record)[0]
    except (OSError, RuntimeError) as error:
        raise disk_fault(parts.folder, error) from error
