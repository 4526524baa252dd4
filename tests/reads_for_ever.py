"""Reads a cache without end in two loader processes: what tests kill. Arguments: cache, start method."""

import multiprocessing
import sys

from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader

if __name__ == "__main__":
    cache, method = sys.argv[1:]
    multiprocessing.set_start_method(method)
    loader = build_loader(ClipDataset(cache, [0, 1, 2, 3], n_frames=2), 2, workers=2)
    while True:
        for _ in loader:
            pass
        print("read", flush=True)
