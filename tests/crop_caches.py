"""Small crop caches, written by the store itself."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from vidfer.build.join import concatenate
from vidfer.build.stored_clips import StoredClip
from vidfer.build.write_part import write_part
from vidfer.clips.clip import Clip
from vidfer.crops import REGIONS, STATUS
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.store.reader import CropCache
from vidfer.store.records import record_of
from vidfer.store.schema import Header


def store_clips(
    path: Path, clips: Iterable[tuple[Clip, np.ndarray, np.ndarray]], *, size_px: int, codec: str = "raw"
) -> CropCache:
    """A cache of clips, each with the status of its frames (T,) and its crops (T, R, S, S, 3)."""
    quality = 95 if codec == "jpeg" else None
    header = Header(crop_settings={}, codec=codec, quality=quality, size_px=size_px, versions={})
    stored = []
    for number, (clip, status, crops) in enumerate(clips):
        n = len(status)
        track = FaceTrack(np.arange(n) / 25, np.zeros((n, 4)), np.zeros((n, 5, 2)), np.ones(n), status)
        part = path.with_name(f"part{number}.h5")
        [record] = write_part(part, header, record_of(clip), [(track, [crops])])
        stored.append(StoredClip(record, part, 0))
    concatenate(stored, header, path)
    return CropCache(path)


def write_cache(path: Path, clips: list[dict], size_px: int = 16, codec: str = "raw") -> CropCache:
    """A cache of clips given as Clip's fields plus ``status`` (one letter a frame, the first of its status).

    Frame ``t`` of the clip with number ``k`` in the list is filled with the value ``20 * k + t`` in the face
    crop, one more in the eye crop, two more in the mouth crop, so that a test sees where a crop comes from;
    from ``k`` 10 on with ``20 * (k % 10) + k // 10 + t``, so that no two clips are alike.
    """
    made = []
    for number, fields in enumerate(clips):
        fields = dict(fields)
        letters = [name[0] for name in STATUS]
        status = np.array([letters.index(one) for one in fields.pop("status", "dddd")], np.uint8)
        n = len(status)
        crops = np.zeros((n, len(REGIONS), size_px, size_px, 3), np.uint8)
        crops += np.arange(n, dtype=np.uint8)[:, None, None, None, None]
        crops += np.uint8(20 * number % 200 + number // 10)
        crops += np.arange(len(REGIONS), dtype=np.uint8)[None, :, None, None, None]
        made.append((Clip(path=path.parent / f"{fields['id']}", **fields), status, crops))
    return store_clips(path, made, size_px=size_px, codec=codec)
