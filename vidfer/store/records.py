"""What a cache says about a clip and about its frames, and the hashes over both."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from vidfer.clips.clip import Clip, plain_text
from vidfer.store.schema import FRAME_COLUMNS, canonical_json


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
    """The picture was given as a face: taken as such in frames where none was found."""
    person: int = 0
    """0 for the main person of a video; with ``--face all`` the others are clips of their own, 1 and on."""
    file_size: int = 0
    """Bytes of the video file (of all frames for a folder) when the crops were made."""
    first_frame: int = 0
    """Row of its first frame in /frames."""
    n_frames: int = 0
    n_faces: int = 0
    """Frames whose status is not ``missing``."""
    reason: str = ""
    """Why the clip could not be read, or not to its end when it has frames; empty when all of it was read."""
    reader: str = ""
    """What decoded it: ``decord``, ``pyav``, or ``opencv`` for images; empty if unknown."""
    crops_hash: str = ""
    """SHA-256 of its frame table and crops."""
    hash: str = ""
    """SHA-256 of this record and ``crops_hash``."""

    def fingerprint(self) -> str:
        """What :attr:`hash` must be.

        Left out: ``first_frame`` (where the clip lies), ``reason`` (decoders word failures differently from
        version to version; that it failed counts), ``file_size`` and ``reader``.
        """
        record = dict(vars(self))
        for name in ("first_frame", "file_size", "reader", "hash"):
            del record[name]
        record["reason"] = bool(self.reason)
        return hashlib.sha256(canonical_json(record).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def main_id(self) -> str:
        """The id of the clip whose main person is the main one of this clip's video; often this clip's."""
        return self.id.removesuffix(_suffix(self.person))

    def other_person(self, person: int) -> CachedClip:
        """The record of another person in this clip: what is known of the main one need not hold for them."""
        return replace(self, id=f"{self.id}{_suffix(person)}", label=None, subject=None, person=person)

    def described_as(self, clip: CachedClip) -> CachedClip:
        """The same crops under the label, subject, split and source of ``clip``, with the hash of that."""
        record = replace(self, label=clip.label, subject=clip.subject, split=clip.split, source=clip.source)
        return replace(record, hash=record.fingerprint())

    def seen(self) -> tuple:
        """What decided the crops, given the settings: two equal ones need not be decoded twice."""
        span = (self.start_s, self.end_s)
        return (self.id, self.path, *span, self.box_hint, self.whole_face, self.file_size)


@dataclass(frozen=True)
class FrameTable:
    """What is known of the frames of a clip; NaN where the face is missing."""

    times_s: np.ndarray
    """(T,) float64, seconds from the start of the file."""
    boxes_xyxy: np.ndarray
    """(T, 4) float32, pixels of the decoded frame."""
    landmarks: np.ndarray
    """(T, 5, 2) float32, x and y in pixels: left eye, right eye (as seen), nose, mouth corners."""
    scores: np.ndarray
    """(T,) float32 detection score."""
    status: np.ndarray
    """(T,) uint8, position in :data:`vidfer.crops.STATUS`."""

    def __len__(self) -> int:
        return len(self.times_s)

    def columns(self) -> dict[str, np.ndarray]:
        """The columns of /frames by name, in the types of the schema and with one kind of NaN."""
        values = (self.times_s, self.boxes_xyxy, self.landmarks, self.scores, self.status)
        out = {}
        for (name, (dtype, shape)), value in zip(FRAME_COLUMNS.items(), values, strict=True):
            column = np.array(value, dtype=dtype).reshape((len(self), *shape))
            if column.dtype.kind == "f":
                column[np.isnan(column)] = np.nan
            out[name] = column
        return out


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
        file_size=_size_of(path),
    )


def _suffix(person: int) -> str:
    return f"#face{person + 1}" if person else ""


def _size_of(path: Path) -> int:
    try:
        if path.is_dir():
            return sum(file.stat().st_size for file in path.iterdir() if file.is_file())
        return path.stat().st_size
    except OSError:  # reading it will fail and give the reason
        return 0
