"""Reads a cache in two loader processes, and waits after the first batch: what tests kill.

Arguments: cache, start method. The end of its input ends it, so it does not outlive the test.
"""

import multiprocessing
import sys

from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader

if __name__ == "__main__":
    cache, method = sys.argv[1:]
    multiprocessing.set_start_method(method)
    loader = build_loader(ClipDataset(cache, [0, 1, 2, 3], n_frames=2), 2, workers=2)
    for _ in loader:
        print("read", flush=True)
        sys.stdin.read()
        sys.exit()
