"""Compare vidfer's detection and tracking with a loop over facenet-pytorch's MTCNN.detect, in one run.

    python tools/bench_detect.py clip.mp4 [more clips] --threads 1 --max-frames 64

For every clip: frames per second of the loop, of the cascade on all frames, and of the track (key frames and
what lies between); medians over ``--repeats``, the three taking turns. Then how many of the loop's faces the
cascade finds (IoU of at least 0.8), the mean IoU, and the mean IoU of the track with the loop's nearest face.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from facenet_pytorch import MTCNN

from vidfer.crops.boxes import overlap
from vidfer.crops.decode import FrameChunk, read_chunks
from vidfer.crops.detect import FaceDetector, Faces
from vidfer.crops.settings import CropSettings
from vidfer.crops.track import FaceTrack, track_face

MATCH_IOU = 0.8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--max-frames", type=int, default=64, help="the first so many frames of each clip")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    settings = CropSettings()
    detector = FaceDetector(args.device, settings)
    ious, tracked_ious = [], []
    print(f"{'clip':32} {'frame':>9} {'loop':>7} {'cascade':>8} {'track':>7}   frames/s")
    for path in args.clips:
        chunk = first_frames(path, args.max_frames)
        height, width = chunk.images.shape[1:3]
        reference = MTCNN(
            keep_all=True, min_face_size=detector.min_face_px(height, width), device=args.device
        )
        detector.detect(chunk.images[:2])
        rates, results = race(works_on(chunk, reference, detector, settings), args.repeats, len(chunk))
        print(
            f"{path.name[:32]:32} {width:4}x{height:<4} "
            + " ".join(f"{rate:7.1f}" for rate in rates.values())
        )
        ious += compare_faces(results["loop"], results["cascade"])
        tracked_ious += compare_track(results["loop"], results["track"])
    matched = float(np.mean(np.array(ious) >= MATCH_IOU))
    print(f"{len(ious)} faces of the loop: {matched:.2%} matched, mean IoU {np.mean(ious):.4f}")
    print(f"{len(tracked_ious)} frames with a track and a face: mean IoU {np.mean(tracked_ious):.4f}")


def works_on(chunk: FrameChunk, reference: MTCNN, detector: FaceDetector, settings: CropSettings) -> dict:
    return {
        "loop": lambda: [reference.detect(image)[0] for image in chunk.images],
        "cascade": lambda: detector.detect(chunk.images),
        "track": lambda: track_face(lambda: iter([chunk]), detector, settings),
    }


def first_frames(path: Path, n: int) -> FrameChunk:
    images, times_s = [], []
    for chunk in read_chunks(path):
        images.append(chunk.images)
        times_s.append(chunk.times_s)
        if sum(map(len, images)) >= n:
            break
    return FrameChunk(np.concatenate(images)[:n], np.concatenate(times_s)[:n])


def race(works: dict, repeats: int, n_frames: int) -> tuple[dict[str, float], dict]:
    """Median frames per second of each work, and what it returned."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    results = {}
    for _ in range(repeats):
        for name, work in works.items():
            start = time.perf_counter()
            results[name] = work()
            seconds[name].append(time.perf_counter() - start)
    return {name: n_frames / statistics.median(taken) for name, taken in seconds.items()}, results


def compare_faces(expected: list, found: list[Faces]) -> list[float]:
    """For each face of the loop the IoU with the most similar face of the cascade, or 0."""
    return [
        float(overlap(faces.boxes, box.astype(np.float32)).max(initial=0))
        for boxes, faces in zip(expected, found)
        for box in (() if boxes is None else boxes)
    ]


def compare_track(expected: list, track: FaceTrack) -> list[float]:
    return [
        float(overlap(boxes.astype(np.float32), track.boxes_xyxy[i]).max())
        for i, boxes in enumerate(expected)
        if boxes is not None and track.status[i]
    ]


if __name__ == "__main__":
    main()
