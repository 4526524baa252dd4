"""Reading a crop cache: one file handle per process, one contiguous read per request."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np

from vidfer.clips.spelling import with_one_spelling
from vidfer.crops import REGIONS, STATUS
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.errors import CacheError
from vidfer.store.codec import decode_jpeg, decoding_space, split_planes
from vidfer.store.layout import checked
from vidfer.store.open import open_cache, reported_as_damage
from vidfer.store.records import CachedClip
from vidfer.store.rows import Rows
from vidfer.store.schema import (
    FRAME_COLUMNS,
    LATER_TEXT_COLUMNS,
    NUMBER_COLUMNS,
    OFFSETS,
    PAYLOAD,
    TEXT_COLUMNS,
    Header,
    read_header,
)

ONE_READ_BYTES = 16 << 20
"""Crops that lie within so many bytes are fetched in one read, together with the crops between them."""

BLOCK_BYTES = 4 << 20
"""Whole clips are copied and hashed in pieces of this size."""


def _frame_numbers(record: CachedClip, frames: Sequence[int]) -> np.ndarray:
    """The requested frames as (T,) int64, checked."""
    frames = np.asarray(frames, dtype=np.int64).reshape(-1)
    if len(frames) and (frames.min() < 0 or frames.max() >= record.n_frames):
        raise IndexError(f"clip {record.id} has {record.n_frames} frames; {frames.tolist()} are requested")
    return frames


def _check_track(track: FaceTrack, record: CachedClip) -> None:
    """Raise a ValueError for numbers of frames that no cache has."""
    found = track.status > 0
    if (track.status >= len(STATUS)).any():
        raise ValueError(f"a frame has the status {track.status.max()}")
    if found.sum() != record.n_faces:
        raise ValueError(f"{found.sum()} frames show a face, and the clip table says {record.n_faces}")
    if not (np.isfinite(track.times_s).all() and np.isfinite(track.boxes_xyxy[found]).all()):
        raise ValueError("a time, or the box of a face, is not finite")


class CropCache:
    """A crop cache for reading. Every process that uses it opens the file once for itself.

    It can be pickled, and given to the workers of a data loader, forked or spawned. A ``with`` block closes
    it.

    Args:
        path: the file that ``vidfer cache`` wrote.

    Raises:
        CacheError: there is no such file, or it is unfinished, damaged, or of another schema version.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._process = None
        self.content_hash = ""
        self._open()

    def __len__(self) -> int:
        return len(self.clips)

    def __repr__(self) -> str:
        return f"CropCache({str(self.path)!r}, {len(self)} clips of {self.size_px} px)"

    def __enter__(self) -> CropCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getstate__(self) -> dict:
        return {"path": self.path, "content_hash": self.content_hash}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state, _process=None)

    @cached_property
    def header(self) -> Header:
        """Settings, codec and versions: :class:`vidfer.store.schema.Header`."""
        with reported_as_damage(self.path, "settings"):
            return read_header(self._open())

    @cached_property
    def provenance_hash(self) -> str:
        """The hash over what the content hash leaves out, as it stands in the file."""
        with reported_as_damage(self.path, "root attributes"):
            return self._open().attrs["provenance_hash"]

    @property
    def settings(self) -> dict:
        """The crop settings with which the cache was made."""
        return self.header.crop_settings

    @property
    def size_px(self) -> int:
        """Side of the crops, in pixels."""
        return self.header.size_px

    @property
    def clips(self) -> tuple[CachedClip, ...]:
        """All clips in order of id, each subject and each label in one spelling (:mod:`vidfer.names`)."""
        return self._in_one_spelling[0]

    @property
    def spelling_notes(self) -> tuple[str, ...]:
        """Sentences for people: which spellings of subjects and labels are taken for one."""
        return self._in_one_spelling[1]

    @cached_property
    def _in_one_spelling(self) -> tuple[tuple[CachedClip, ...], tuple[str, ...]]:
        clips, notes = with_one_spelling(self.records)
        return tuple(clips), tuple(notes)

    @cached_property
    def records(self) -> tuple[CachedClip, ...]:
        """:attr:`clips` as they stand in the file, with all spellings, for whoever checks or copies them."""
        with reported_as_damage(self.path, "clip table"):
            group = self._open()["clips"]
            if not isinstance(group, h5py.Group):
                raise ValueError("/clips is not a group")
            names = (*TEXT_COLUMNS, *(name for name in LATER_TEXT_COLUMNS if name in group))
            kinds = dict.fromkeys(names, ("text", ())) | NUMBER_COLUMNS
            length = len(checked(self._open(), "clips/id", *kinds["id"]))
            columns = {
                name: checked(self._open(), f"clips/{name}", *kind, length)[:].tolist()
                for name, kind in kinds.items()
            }
        text = {name: [value.decode("utf-8", "replace") for value in columns[name]] for name in names}
        numbers = {name: columns[name] for name in NUMBER_COLUMNS}
        for name in ("label", "subject", "split"):
            text[name] = [value or None for value in text[name]]
        for name in ("start_s", "end_s"):
            numbers[name] = [None if math.isnan(value) else value for value in numbers[name]]
        numbers["box_hint"] = [None if math.isnan(box[0]) else tuple(box) for box in numbers["box_hint"]]
        numbers["whole_face"] = [bool(value) for value in numbers["whole_face"]]
        columns = text | numbers
        rows = zip(*columns.values(), strict=True)
        return tuple(CachedClip.from_columns(dict(zip(columns, row))) for row in rows)

    def frames(self, clip: int) -> FaceTrack:
        """Times, boxes, landmarks, scores and status of all frames of a clip.

        Args:
            clip: index into :attr:`clips`.

        Raises:
            CacheError: the file is damaged.
        """
        record = self.clips[clip]
        first, last = record.first_frame, record.first_frame + record.n_frames
        with reported_as_damage(self.path, record.id):
            track = FaceTrack(*(self._array(f"frames/{name}").read(first, last) for name in FRAME_COLUMNS))
            _check_track(track, record)
            return track

    def read(
        self,
        clip: int,
        frames: Sequence[int],
        out: np.ndarray | None = None,
        regions: Sequence[str] = REGIONS,
    ) -> np.ndarray:
        """Crops of some frames of a clip.

        Args:
            clip: index into :attr:`clips`.
            frames: T frame numbers, 0 <= frame < ``n_frames``, in any order. A frame that comes twice is
                decoded once.
            out: where to put the crops, contiguous. By default new memory.
            regions: to decode; the crops of the others are black, which saves their time.

        Returns:
            (T, R, 3, S, S) uint8 RGB. Crops are black where the face is missing.

        Raises:
            IndexError: the clip does not have one of the frames.
            CacheError: the file is damaged.
        """
        record = self.clips[clip]
        frames = _frame_numbers(record, frames)
        if out is None:
            out = np.empty((len(frames), len(REGIONS), 3, self.size_px, self.size_px), np.uint8)
        if len(set(frames.tolist())) < len(frames):
            different, place = np.unique(frames, return_inverse=True)
            out[:] = self.read(clip, different, regions=regions)[place]
        elif len(frames):
            with reported_as_damage(self.path, record.id):
                fill = self._fill_raw if self.header.codec == "raw" else self._fill_jpeg
                fill(record, frames, out, [region in regions for region in REGIONS])
        return out

    def jpegs(self, clip: int, frames: Sequence[int]) -> list[memoryview]:
        """Crops of some frames as JPEGs, not decoded. The cache must have codec ``jpeg``.

        Args:
            clip: index into :attr:`clips`.
            frames: T frame numbers, as for :meth:`read`.

        Returns:
            R JPEGs for each frame, in order. They are empty where the face is missing.
        """
        record = self.clips[clip]
        frames = _frame_numbers(record, frames)
        if not len(frames):
            return []
        with reported_as_damage(self.path, record.id):
            return self._jpegs(record, frames)

    def offsets(self, clip: int) -> np.ndarray:
        """(3 * n_frames + 1,) int64: where each JPEG begins and ends, from the clip's first byte."""
        record = self.clips[clip]
        with reported_as_damage(self.path, record.id):
            offsets = self._offsets(record, 0, record.n_frames)
            return offsets - offsets[0]

    def payload_bytes(self, clip: int) -> int:
        """Bytes of the crops of a clip."""
        if self.header.codec == "raw":
            return self.clips[clip].n_frames * self.header.row_bytes
        return int(self.offsets(clip)[-1])

    def payload(self, clip: int) -> Iterator[np.ndarray]:
        """The stored crops of a clip in pieces of (bytes,) uint8: its JPEGs in a row, or its raw crops."""
        record = self.clips[clip]
        with reported_as_damage(self.path, record.id):
            array = self._array(PAYLOAD[self.header.codec])
            if self.header.codec == "raw":
                begin, end = record.first_frame, record.first_frame + record.n_frames
            else:
                offsets = self._offsets(record, 0, record.n_frames)
                begin, end = int(offsets[0]), int(offsets[-1])
            step = max(1, BLOCK_BYTES // array.row_bytes)
            for start in range(begin, end, step):
                yield array.read(start, min(start + step, end)).reshape(-1)

    def close(self) -> None:
        """Close the file in this process. The next use opens it again."""
        if self._process == os.getpid():
            self._file.close()
        self._process = None

    def _jpegs(self, record: CachedClip, frames: np.ndarray) -> list[memoryview]:
        low, high = int(frames.min()), int(frames.max()) + 1
        offsets = self._offsets(record, low, high)
        if len(frames) > 1 and offsets[-1] - offsets[0] > ONE_READ_BYTES:
            return [jpeg for frame in frames for jpeg in self._jpegs(record, frame[None])]
        data = memoryview(self._array("jpeg").read(int(offsets[0]), int(offsets[-1])))
        bounds, n_regions = (offsets - offsets[0]).tolist(), len(REGIONS)
        return [
            data[bounds[crop] : bounds[crop + 1]]
            for first in ((frames - low) * n_regions).tolist()
            for crop in range(first, first + n_regions)
        ]

    def _fill_jpeg(self, record: CachedClip, frames: np.ndarray, out: np.ndarray, wanted: list[bool]) -> None:
        space = decoding_space(self.size_px)
        crops = zip(self._jpegs(record, frames), out.reshape(-1, *out.shape[2:]), strict=True)
        for (jpeg, planes), decoded in zip(crops, wanted * len(frames), strict=True):
            if decoded and len(jpeg):
                decode_jpeg(jpeg, space, planes)
            else:
                planes[:] = 0

    def _fill_raw(self, record: CachedClip, frames: np.ndarray, out: np.ndarray, wanted: list[bool]) -> None:
        array = self._array("raw")
        for i, frame in enumerate(frames.tolist()):
            row = record.first_frame + frame
            for region, crop in enumerate(array.read(row, row + 1)[0]):
                if wanted[region]:
                    split_planes(crop, out[i, region])
                else:
                    out[i, region] = 0

    def _offsets(self, record: CachedClip, low: int, high: int) -> np.ndarray:
        """Offsets of the frames from low to high of a clip, counted from the first byte of /jpeg, checked."""
        first = (record.first_frame + low) * len(REGIONS)
        offsets = self._array(OFFSETS).read(first, first + (high - low) * len(REGIONS) + 1)
        if (np.diff(offsets) < 0).any():
            raise ValueError("JPEG offsets run backwards")
        return offsets

    def _declared(self, name: str) -> tuple[str, tuple[int, ...]]:
        """Type of the numbers and shape of a row that a data set must have."""
        if name == OFFSETS:
            return "<i8", ()
        if name in PAYLOAD.values():
            return "u1", self.header.row_shape
        return FRAME_COLUMNS[name.removeprefix("frames/")]

    def _array(self, name: str) -> Rows:
        file = self._open()
        if name not in self._arrays:
            self._arrays[name] = Rows(checked(file, name, *self._declared(name)))
        return self._arrays[name]

    def _open(self) -> h5py.File:
        if self._process != os.getpid():
            file = open_cache(self.path)
            with reported_as_damage(self.path, "root attributes"):
                found = file.attrs["content_hash"]
                if not isinstance(found, str):
                    raise ValueError("its content hash is not a text")
            if found != (self.content_hash or found):
                raise CacheError(
                    f"{self.path} was replaced by another cache while it was in use; start again"
                )
            self._file, self._arrays, self._process, self.content_hash = file, {}, os.getpid(), found
        return self._file
