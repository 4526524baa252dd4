"""Writes, joins and checks a clip of many frames; prints the peak memory in kB. Arguments: folder, frames."""

import sys
from pathlib import Path

import numpy as np

from vidfer.build.join import concatenate
from vidfer.build.stored_clips import StoredClip
from vidfer.build.write_part import write_part
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header
from vidfer.store.verify import verify_cache

if __name__ == "__main__":
    folder, n = Path(sys.argv[1]), int(sys.argv[2])
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (8, 3, 64, 64, 3), dtype=np.uint8)  # noise: the largest JPEGs there are
    header = Header(crop_settings={}, codec="jpeg", quality=95, size_px=64, versions={})
    track = FaceTrack(
        np.arange(n) / 25, np.ones((n, 4)), np.ones((n, 5, 2)), np.ones(n), np.ones(n, np.uint8)
    )
    clip = CachedClip(id="long", path="long.mp4")
    write_part(folder / "part.h5", header, clip, [(track, (noise for _ in range(n // 8)))])
    concatenate([StoredClip(clip, folder / "part.h5", 0)], header, folder / "c.h5")
    assert verify_cache(folder / "c.h5") == []
    CropCache(folder / "c.h5").read(0, [0, n // 2, n - 1])
    status = Path("/proc/self/status").read_text()  # unlike getrusage, not the parent's peak before exec
    print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
