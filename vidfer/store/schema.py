"""What lies where in a crop cache: names, types and root attributes of the HDF5 file (see docs/cache.md)."""

from __future__ import annotations

import errno
import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path

import h5py

from vidfer.crops import CROPS_VERSION, REGIONS, STATUS
from vidfer.crops.settings import same_crops
from vidfer.errors import VidferError

FORMAT = "vidfer crop cache"
SCHEMA_VERSION = 2

TEXT_COLUMNS = ("id", "path", "label", "subject", "split", "source", "reason", "hash", "crops_hash")
"""Columns of /clips with UTF-8 text of fixed length; an empty text means None."""

LATER_TEXT_COLUMNS = ("reader",)
"""More columns of /clips with text. Caches made before November 2026 lack them; all their texts are empty."""

NUMBER_COLUMNS = {
    "start_s": ("<f8", ()),
    "end_s": ("<f8", ()),
    "box_hint": ("<f8", (4,)),
    "whole_face": ("u1", ()),
    "person": ("<i8", ()),
    "file_size": ("<i8", ()),
    "first_frame": ("<i8", ()),
    "n_frames": ("<i8", ()),
    "n_faces": ("<i8", ()),
}
"""Columns of /clips with numbers: dtype and shape of a row; NaN means None."""

FRAME_COLUMNS = {
    "time_s": ("<f8", ()),
    "box_xyxy": ("<f4", (4,)),
    "landmarks": ("<f4", (5, 2)),
    "score": ("<f4", ()),
    "status": ("u1", ()),
}
"""Columns of /frames, one row per frame of all clips: dtype and shape of a row."""

OFFSETS = "frames/jpeg_offset"
"""Codec jpeg: (3 * frames + 1,) int64; crop i = 3 * frame + region is jpeg[offset[i]:offset[i + 1]]."""

PAYLOAD = {"jpeg": "jpeg", "raw": "raw"}
"""Codec to the name of its data set: flat JPEG bytes, or (frames, 3, size, size, 3) uint8 RGB."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """The root attributes: everything that shaped the crops, and the versions that made them."""

    crop_settings: dict
    codec: str
    quality: int | None
    """JPEG quality, 1 to 100; None with codec raw."""
    size_px: int
    """Side of every crop."""
    versions: dict[str, str]
    crops_version: int = CROPS_VERSION
    """Of the code that made the crops: other code may give other crops under the same settings."""

    @property
    def row_shape(self) -> tuple[int, ...]:
        """What a row of the payload is: a byte of JPEG, or the raw crops of a frame."""
        return () if self.codec == "jpeg" else (len(REGIONS), self.size_px, self.size_px, 3)

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of the payload."""
        return math.prod(self.row_shape)

    def shaping(self) -> dict:
        """What decides the bytes of the crops: equal here means that crops can be shared between caches."""
        return {
            "schema_version": SCHEMA_VERSION,
            "codec": self.codec,
            "quality": self.quality,
            "size_px": self.size_px,
            "regions": list(REGIONS),
            "crops_version": self.crops_version,
            "crop_settings": same_crops(self.crop_settings),
        }


def canonical_json(value) -> str:
    """One text per value, whatever the order in which its keys were written."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_hash(header: Header, clip_hashes) -> str:
    """The hash of a cache: its settings and clips in order of id; not where, when or with which versions."""
    digest = hashlib.sha256(canonical_json(header.shaping()).encode())
    for clip_hash in clip_hashes:
        digest.update(bytes.fromhex(clip_hash))
    return digest.hexdigest()


def provenance_hash(header: Header, reasons, file_sizes, readers) -> str:
    """The hash of what the content hash leaves out: versions, wording of failures, file sizes, readers."""
    value = [header.versions, list(STATUS), list(reasons), [int(n) for n in file_sizes]]
    if any(readers):
        value.append(list(readers))
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def write_header(file: h5py.File, header: Header) -> None:
    """Write the root attributes except the two hashes."""
    file.attrs["format"] = FORMAT
    file.attrs["schema_version"] = SCHEMA_VERSION
    file.attrs["crop_settings"] = canonical_json(header.crop_settings)
    file.attrs["crops_version"] = header.crops_version
    file.attrs["codec"] = header.codec
    file.attrs["quality"] = header.quality or 0
    file.attrs["size_px"] = header.size_px
    file.attrs["regions"] = json.dumps(REGIONS)
    file.attrs["status"] = json.dumps(STATUS)
    file.attrs["versions"] = canonical_json(header.versions)


def read_header(file: h5py.File) -> Header:
    """Read the root attributes; damaged ones raise KeyError or ValueError."""
    attrs = file.attrs
    if json.loads(attrs["regions"]) != list(REGIONS) or json.loads(attrs["status"]) != list(STATUS):
        raise ValueError("the names of regions or statuses are not those of this schema")
    if attrs["codec"] not in PAYLOAD:
        raise ValueError(f"unknown codec {attrs['codec']!r}")
    return Header(
        crop_settings=json.loads(attrs["crop_settings"]),
        codec=attrs["codec"],
        quality=int(attrs["quality"]) or None,
        size_px=int(attrs["size_px"]),
        versions=json.loads(attrs["versions"]),
        crops_version=int(attrs["crops_version"]),
    )


def open_cache(path: Path) -> h5py.File:
    """Open a cache for reading.

    Raises VidferError with the remedy when there is none, when it was never finished, when it is damaged, and
    when its schema is another one.
    """
    if path.is_dir():
        raise VidferError(f"{path} is a folder; name the cache file itself, such as {path / 'afew.h5'}")
    if not path.is_file():
        parts = path.with_name(path.name + ".parts")
        if parts.is_dir():
            raise VidferError(
                f"{path} is not finished: building it was interrupted. Start the same `vidfer cache` command "
                f"again; it goes on from the clips in {parts}"
            )
        raise VidferError(
            f"there is no crop cache {path}; make one with `vidfer cache --src ... --out {path}`"
        )
    remedy = (
        f"if it was one, restore it from a copy, or delete it and make it again with `vidfer cache --src ... "
        f"--out {path}`"
    )
    try:
        # A finished cache never changes in place, so no lock is needed; some network file systems have none.
        file = h5py.File(path, "r", locking=False)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            raise VidferError(f"you may not read {path}; ask whoever wrote it for the permission") from error
        raise VidferError(
            f"{path} is no HDF5 file, or a damaged or truncated one ({error}); name a cache; {remedy}"
        ) from error
    try:
        kind, version = file.attrs.get("format"), file.attrs.get("schema_version")
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        file.close()
        raise VidferError(f"{path} is no vidfer crop cache, or a damaged one ({error}); {remedy}") from error
    if kind != FORMAT or version is None:
        file.close()
        raise VidferError(
            f"{path} is an HDF5 file but no vidfer crop cache; name the file that "
            f"`vidfer cache` wrote; {remedy}"
        )
    if version != SCHEMA_VERSION:
        file.close()
        raise VidferError(
            f"{path} has cache schema {version}; this vidfer reads schema {SCHEMA_VERSION}: "
            f"make it again with `vidfer cache --overwrite`, or use the vidfer that wrote it"
        )
    return file
