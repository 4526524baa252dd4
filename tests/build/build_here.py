"""Builds a cache in a process of its own: the one that tests kill. Arguments: root, out, workers."""

import sys
from pathlib import Path

from vidfer.build.build_cache import build_cache
from vidfer.build.settings import BuildSettings
from vidfer.clips import find_clips
from vidfer.crops.settings import CropSettings

CROPS = CropSettings(size_px=48, key_every_s=0, min_face_px=24)
"""Slow on purpose: there must be time to stop it between two clips."""

if __name__ == "__main__":
    root, out, workers = sys.argv[1:]
    build_cache(
        find_clips("actors", Path(root)),
        Path(out),
        CROPS,
        BuildSettings(workers=int(workers)),
        progress=lambda done, n: print(f"{done} of {n}", flush=True),
    )
