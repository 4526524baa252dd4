"""The layout of a crop cache: names and types of its data sets and root attributes (see docs/cache.md)."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidfer.crops import CROPS_VERSION, REGIONS, STATUS
from vidfer.crops.settings import same_crops
from vidfer.store.canonical_json import canonical_json
from vidfer.store.shard import Shard, read_shard, write_shard

if TYPE_CHECKING:
    import h5py

FORMAT = "vidfer crop cache"
SCHEMA_VERSION = 2

MAX_SIZE_PX = 4096
"""No crop is larger."""

TEXT_COLUMNS = ("id", "path", "label", "subject", "split", "source", "reason", "hash", "crops_hash")
"""Columns of /clips that hold UTF-8 text of fixed length. An empty text means None."""

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
"""Columns of /clips that hold numbers: dtype and shape of a row. NaN means None."""

FRAME_COLUMNS = {
    "time_s": ("<f8", ()),
    "box_xyxy": ("<f4", (4,)),
    "landmarks": ("<f4", (5, 2)),
    "score": ("<f4", ()),
    "status": ("u1", ()),
}
"""Columns of /frames, one row per frame of all clips: dtype and shape of a row. The order is that of the
fields of :class:`vidfer.crops.track.followed_face.FaceTrack`, and that in which columns are hashed."""

OFFSETS = "frames/jpeg_offset"
"""Codec jpeg: (3 * frames + 1,) int64; crop i = 3 * frame + region is jpeg[offset[i]:offset[i + 1]]."""

PAYLOAD = {"jpeg": "jpeg", "raw": "raw"}
"""Codec to the name of the data set with the crops: all JPEGs in a row, or (frames, 3, size, size, 3) uint8
RGB."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """The root attributes: all settings that shaped the crops, the versions that made them, and the shard."""

    crop_settings: dict
    codec: str
    quality: int | None
    """JPEG quality, 1 to 100; None with codec raw."""
    size_px: int
    """Side of every crop."""
    versions: dict[str, str]
    crops_version: int = CROPS_VERSION
    """Version of the code that made the crops. Newer code may give other crops under the same settings."""
    shard: Shard | None = None
    """Which share of a list of clips the cache has; None for a whole cache."""

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of a row of the crops' data set: one byte of a JPEG, or the raw crops of one frame."""
        return () if self.codec == "jpeg" else (len(REGIONS), self.size_px, self.size_px, 3)

    @property
    def row_bytes(self) -> int:
        """Bytes in a row of the crops' data set."""
        return math.prod(self.row_shape)

    def shaping(self) -> dict:
        """What decides the bytes of the crops. Caches that agree here can share crops."""
        return {
            "schema_version": SCHEMA_VERSION,
            "codec": self.codec,
            "quality": self.quality,
            "size_px": self.size_px,
            "regions": list(REGIONS),
            "crops_version": self.crops_version,
            "crop_settings": same_crops(self.crop_settings),
        }


def write_header(file: h5py.File, header: Header) -> None:
    """Write the root attributes, without the two hashes."""
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
    write_shard(file, header.shard)


def read_header(file: h5py.File) -> Header:
    """Read the root attributes.

    Raises:
        KeyError, ValueError: an attribute is damaged.
    """
    attrs = file.attrs
    if json.loads(attrs["regions"]) != list(REGIONS) or json.loads(attrs["status"]) != list(STATUS):
        raise ValueError("its regions or statuses are not those of this schema")
    if attrs["codec"] not in PAYLOAD:
        raise ValueError(f"unknown codec {attrs['codec']!r}")
    settings, versions = json.loads(attrs["crop_settings"]), json.loads(attrs["versions"])
    if not (isinstance(settings, dict) and isinstance(versions, dict)):
        raise ValueError("its settings or versions are not JSON objects")
    if not 1 <= attrs["size_px"] <= MAX_SIZE_PX:
        raise ValueError(f"its crops have {attrs['size_px']} px")
    return Header(
        crop_settings=settings,
        codec=attrs["codec"],
        quality=int(attrs["quality"]) or None,
        size_px=int(attrs["size_px"]),
        versions=versions,
        crops_version=int(attrs["crops_version"]),
        shard=read_shard(file),
    )
