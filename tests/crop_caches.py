"""Small crop caches, written by the store itself."""

from pathlib import Path

import numpy as np

from vidfer.clips.clip import Clip
from vidfer.crops import REGIONS, STATUS
from vidfer.store.concatenate import StoredClip, concatenate
from vidfer.store.part import write_part
from vidfer.store.reader import CropCache
from vidfer.store.records import FrameTable, record_of
from vidfer.store.schema import Header


def write_cache(path: Path, clips: list[dict], size_px: int = 16, codec: str = "raw") -> CropCache:
    """A cache of clips given as Clip's fields plus ``status`` (one letter a frame, the first of its status).

    Frame ``t`` of the clip with number ``k`` in the list is filled with the value ``20 * k + t`` in the face
    crop, one more in the eye crop, two more in the mouth crop, so that a test sees where a crop comes from.
    """
    header = Header(crop_settings={}, codec=codec, quality=95, size_px=size_px, versions={})
    stored = []
    for number, fields in enumerate(clips):
        fields = dict(fields)
        status = np.array(
            [[s[0] for s in STATUS].index(letter) for letter in fields.pop("status", "dddd")], np.uint8
        )
        n = len(status)
        table = FrameTable(np.arange(n) / 25, np.zeros((n, 4)), np.zeros((n, 5, 2)), np.ones(n), status)
        crops = np.zeros((n, len(REGIONS), size_px, size_px, 3), np.uint8)
        crops += np.arange(n, dtype=np.uint8)[:, None, None, None, None] + np.uint8(20 * number % 200)
        crops += np.arange(len(REGIONS), dtype=np.uint8)[None, :, None, None, None]
        clip = Clip(path=path.parent / f"{fields['id']}", **fields)
        part = path.with_name(f"part{number}.h5")
        record = write_part(part, header, record_of(clip), table, [crops])
        stored.append((record, StoredClip(part, 0)))
    concatenate(stored, header, path)
    return CropCache(path)
