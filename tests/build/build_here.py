"""Builds a cache in a process of its own: the one that tests kill. Arguments: root, out, workers.

After each message it waits for a line, so that it is never faster than the test. Its workers go on meanwhile.
"""

import sys
from pathlib import Path

from vidfer.build.build_cache import build_cache
from vidfer.build.settings import BuildSettings
from vidfer.clips import find_clips
from vidfer.crops.settings import CropSettings

CROPS = CropSettings(size_px=48, key_every_s=0, min_face_px=24)
"""Slow on purpose: there must be time to stop it between two clips."""


def say_and_wait(done: int, n: int) -> None:
    print(f"{done} of {n}", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    root, out, workers = sys.argv[1:]
    build_cache(
        find_clips("actors", Path(root)),
        Path(out),
        CROPS,
        BuildSettings(workers=int(workers)),
        progress=say_and_wait,
    )
