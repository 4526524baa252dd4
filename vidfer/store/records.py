"""What a cache says about a clip and about its frames."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from vidfer.clips.clip import Clip, plain_text
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.store.canonical_json import json_hash
from vidfer.store.schema import FRAME_COLUMNS


@dataclass(frozen=True, kw_only=True)
class CachedClip:
    """A clip as the cache knows it."""

    id: str
    path: str
    """The end of the video's path, as many components as the id has: the same on every machine."""
    label: str | None = None
    subject: str | None = None
    split: str | None = None
    source: str = "folder"
    start_s: float | None = None
    end_s: float | None = None
    box_hint: tuple[float, float, float, float] | None = None
    whole_face: bool = False
    """The data set says that the picture is a face: frames in which no face is found are taken whole."""
    track_index: int = 0
    """Which face of the video this is: 0 is the main one. With ``--face all`` each other face is a clip of
    its own, with 1, 2 and so on. The column in the file is named ``person``."""
    file_size: int = 0
    """Bytes of the video file (of all frames for a folder) when the crops were made."""
    first_frame: int = 0
    """Row of its first frame in /frames."""
    n_frames: int = 0
    n_faces: int = 0
    """Frames whose status is not ``missing``."""
    reason: str = ""
    """Why the clip could not be read. If it has frames: why it could not be read to its end. Else empty."""
    reader: str = ""
    """What decoded it: ``decord``, ``pyav``, or ``opencv`` for images; empty if unknown."""
    crops_hash: str = ""
    """SHA-256 of its frame columns and crops."""
    hash: str = ""
    """SHA-256 of this record and ``crops_hash``."""

    def columns(self) -> dict:
        """The fields under the names that they have in the file."""
        values = dict(vars(self))
        values["person"] = values.pop("track_index")
        return values

    @classmethod
    def from_columns(cls, values: dict) -> CachedClip:
        """The record with these values, given under the names that they have in the file."""
        values = dict(values)
        return cls(track_index=values.pop("person"), **values)

    def fingerprint(self) -> str:
        """The value that :attr:`hash` must have.

        It leaves out ``first_frame`` (the place in the file), ``file_size``, ``reader``, and the wording of
        ``reason``: decoders describe a failure differently from version to version. Whether there is a reason
        counts.
        """
        values = self.columns()
        for name in ("first_frame", "file_size", "reader", "hash"):
            del values[name]
        return json_hash(values | {"reason": bool(self.reason)})

    @property
    def main_id(self) -> str:
        """The id of the clip with the main face of the same video. Usually that is this clip."""
        return self.id.removesuffix(_id_suffix(self.track_index))

    def other_face(self, track_index: int) -> CachedClip:
        """The record of another face in this clip. Its label and subject are not known."""
        clip_id = self.id + _id_suffix(track_index)
        return replace(self, id=clip_id, label=None, subject=None, track_index=track_index)

    def described_as(self, clip: CachedClip) -> CachedClip:
        """The same crops under the label, subject, split and source of ``clip``, with a new hash."""
        record = replace(self, label=clip.label, subject=clip.subject, split=clip.split, source=clip.source)
        return replace(record, hash=record.fingerprint())

    def video_key(self) -> tuple:
        """What decided the crops, apart from settings. Clips with equal keys need not be decoded twice."""
        span = (self.start_s, self.end_s)
        return (self.id, self.path, *span, self.box_hint, self.whole_face, self.file_size)


def frame_columns(track: FaceTrack) -> dict[str, np.ndarray]:
    """The columns of /frames by name, in the types of the schema and with one kind of NaN."""
    columns = {}
    fields = (track.times_s, track.boxes_xyxy, track.landmarks, track.scores, track.status)
    for (name, (dtype, shape)), values in zip(FRAME_COLUMNS.items(), fields, strict=True):
        column = np.array(values, dtype=dtype).reshape((len(track), *shape))
        if column.dtype.kind == "f":
            column[np.isnan(column)] = np.nan
        columns[name] = column
    return columns


def record_of(clip: Clip) -> CachedClip:
    """The record of a clip that has not been read yet."""
    depth = len(PurePosixPath(clip.id).parts)
    path = Path(clip.path)
    return CachedClip(
        id=clip.id,
        path=plain_text("/".join(path.parts[-depth:]) or path.name),
        label=clip.label,
        subject=clip.subject,
        split=clip.split,
        source=clip.source,
        start_s=None if clip.start_s is None else float(clip.start_s),
        end_s=None if clip.end_s is None else float(clip.end_s),
        box_hint=None if clip.box_hint is None else tuple(float(x) for x in clip.box_hint),
        whole_face=bool(clip.whole_face),
        file_size=_file_size(path),
    )


def _id_suffix(track_index: int) -> str:
    return f"#face{track_index + 1}" if track_index else ""


def _file_size(path: Path) -> int:
    try:
        file = path.stat()
        if not stat.S_ISDIR(file.st_mode):
            return file.st_size
        with os.scandir(path) as entries:  # an entry knows without a call whether it is a file
            return sum(entry.stat().st_size for entry in entries if entry.is_file())
    except OSError:  # reading the clip will fail too, and give the reason
        return 0
