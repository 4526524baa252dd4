"""The folder of finished clips beside a cache that is being built."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from vidfer.build.part import write_part
from vidfer.errors import VidferError
from vidfer.files import disk_fault, replace_durably
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header, canonical_json

FAILED = ".failed"


def part_key(record: CachedClip) -> str:
    """What the part of a clip is named after."""
    return hashlib.sha256(canonical_json(record.seen()).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True)
class PartsFolder:
    """One file per finished clip, named after what decided its crops: a look at the names is enough."""

    folder: Path

    @staticmethod
    def beside(out: Path) -> PartsFolder:
        """The parts folder of a cache."""
        return PartsFolder(out.with_name(out.name + ".parts"))

    def path_of(self, record: CachedClip) -> Path:
        """Where the part of a clip is or will be; one that was not read to its end has a name of its own."""
        return self.folder / f"{part_key(record)}{FAILED if record.reason else ''}.part"

    def names_of(self, record: CachedClip) -> set[str]:
        """The names that the part of a clip can have, read to its end or not."""
        return {self.path_of(replace(record, reason=reason)).name for reason in ("", "cannot be read")}

    def is_part(self, path: Path) -> bool:
        """Whether a file is a part in this folder."""
        return path.parent == self.folder and path.suffix == ".part"

    def joined(self) -> list[Path]:
        """Files in which joining was begun, the newest first."""
        return sorted((self.folder / name for name in self.names() if name.endswith(".joined")), reverse=True)

    def new_joined(self) -> Path:
        """A name for another one."""
        newest = next((int(path.stem) for path in self.joined()), 0)
        return self.folder / f"{newest + 1:06d}.joined"

    def names(self) -> set[str]:
        """Names of all files."""
        return {path.name for path in self.folder.iterdir()} if self.folder.is_dir() else set()

    def prepare(self, header: Header, overwrite: bool) -> None:
        """Make the folder fit for parts of these settings; remove what a killed writer left half written.

        Raises:
            VidferError: when it holds parts of other settings and ``overwrite`` is False.
        """
        for name in self.names():
            if name.endswith(".tmp"):
                (self.folder / name).unlink()
        file = self.folder / "settings.json"
        wanted = json.loads(canonical_json(header.shaping()))
        if file.is_file():
            try:
                found = json.loads(file.read_text("utf-8"))
            except ValueError:
                found = None
            if found == wanted:
                return
            if not overwrite:
                raise VidferError(
                    f"{self.folder} holds unfinished work made with other settings "
                    f"({difference(found, wanted)}); give those settings to go on with it, another --out to "
                    f"keep it, or --overwrite to drop it"
                )
            for name in self.names() - {"lock"}:
                (self.folder / name).unlink()
        temporary = file.with_suffix(".tmp")
        temporary.write_text(json.dumps(wanted, indent=2, ensure_ascii=False) + "\n", "utf-8")
        replace_durably(temporary, file)

    def remove_if_empty(self) -> None:
        """Delete the folder unless it has something finished."""
        if not any(name.endswith((".part", ".joined")) for name in self.names()):
            self.remove()

    def remove(self) -> None:
        """Delete the folder and all parts."""
        shutil.rmtree(self.folder, ignore_errors=True)


def store_failure(parts: PartsFolder, header: Header, record: CachedClip, reason: str) -> CachedClip:
    """Write the part of a clip that could not be read.

    Raises:
        VidferError: for a full or broken disk.
    """
    record = replace(record, reason=" ".join(reason.split()) or "unknown")
    try:
        return write_part(parts.path_of(record), header, record)
    except (OSError, RuntimeError) as error:
        raise disk_fault(parts.folder, error) from error


def difference(found: dict | None, wanted: dict) -> str:
    """The settings that differ, as ``name: there 1, wanted 2``."""
    found, wanted = _flat(found or {}), _flat(wanted)
    there, now = found.get("crops_version") or 0, wanted.get("crops_version") or 0
    if there != now:
        age = "an older" if there < now else "a newer"
        return f"made by {age} vidfer whose crops differ: crops version {there}, not {now}"
    names = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
    return "; ".join(f"{name}: there {found.get(name)}, wanted {wanted.get(name)}" for name in names)


def _flat(settings: dict) -> dict:
    return {k: v for k, v in settings.items() if k != "crop_settings"} | settings.get("crop_settings", {})
