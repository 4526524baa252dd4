"""Does vidfer find the faces of MTCNN, and do its tracks agree with a search of every frame?

    python tools/bench_detect.py --clips clip.mp4 clip.avi …    # these videos
    python tools/bench_detect.py --actors 8                     # wild actors of 720 x 576 pixels, drawn anew

Three questions, in one run:

* faces: how many of the faces of ``MTCNN.detect`` does the cascade find (IoU of at least 0.8), with which
  mean IoU and distance of the landmarks, in shares of the distance between the eyes?
* tracks: how well do boxes that were followed between key frames agree with those of the cascade in every
  frame? And the cascade with itself from one frame to the next: no track can do much better.
* speed: processor time per frame of the loop, the cascade in every frame, and the track.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import tyro
from counts import check_counts
from facenet_pytorch import MTCNN
from program import run

from vidfer.crops.decode.video import read_chunks
from vidfer.crops.detect.boxes import overlap
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.detect.faces import Faces
from vidfer.crops.detect.side_by_side import alone
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.crops.track.track_faces import track_faces
from vidfer.percent import percent

MATCH_IOU = 0.8


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to compare on."""

    clips: tuple[Path, ...] = ()
    """Videos."""
    actors: int = 0
    """Number of clips of wild actors that are drawn and used too."""
    every: int = 1
    """The loop searches only every so many frames, because it is slow. Tracks are compared in all frames."""
    device: str = "cpu"
    """Where the networks run: cpu, cuda."""
    crops: tyro.conf.OmitArgPrefixes[CropSettings] = CropSettings()

    def __post_init__(self) -> None:
        check_counts(self, "every")
        check_counts(self, "actors", least=0)


@dataclass
class Sums:
    """Numbers that are collected over all clips."""

    n_faces: int = 0
    ious: tuple[float, ...] = ()
    landmarks: tuple[float, ...] = ()
    tracked: tuple[float, ...] = ()
    itself: tuple[float, ...] = ()
    n_missed: int = 0


def main(settings: Settings) -> None:
    """Compare and print."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    detector, sums = FaceDetector(settings.device, settings.crops), Sums()
    with tempfile.TemporaryDirectory() as folder:
        paths = [*settings.clips, *(draw_actors(settings.actors, Path(folder)) if settings.actors else ())]
        print(
            f"{'clip':32} {'frame':>9} {'loop':>8} {'cascade':>8} {'track':>8}   ms of processor time a frame"
        )
        for path in paths:
            compare(path, detector, settings, sums)
    shares = np.array(sums.ious) >= MATCH_IOU
    found = np.array(sums.landmarks)[shares]
    print(
        f"faces: {sums.n_faces} of MTCNN.detect, {percent(shares.mean(), 2)} matched, "
        f"mean IoU {np.mean(sums.ious):.4f}, landmarks {percent(found.mean(), 2)} of the eye distance apart"
    )
    print(
        f"tracks: {len(sums.tracked)} frames, mean IoU {np.mean(sums.tracked):.4f} with the cascade in every "
        f"frame, {sums.n_missed} frames with a face missed; the cascade from frame to frame: "
        f"{np.mean(sums.itself):.4f}"
    )


def draw_actors(n_clips: int, folder: Path) -> list[Path]:
    from vidfer.actors.settings import ActorSettings
    from vidfer.actors.write import write_actors

    actors = ActorSettings(
        setting="wild",
        size=(720, 576),
        train_per_class=-(-n_clips // 7),
        val_per_class=0,
        test_per_class=0,
        novel_per_class=0,
        novel_labels=(),
        unlabelled=1,
    )
    write_actors(actors, folder)
    return sorted(folder.glob("Train_AFEW/*/*.avi"))[:n_clips]


def compare(path: Path, detector: FaceDetector, settings: Settings, sums: Sums) -> None:
    """Add one clip to the sums and print its line."""
    chunks = list(read_chunks(path))
    images = np.concatenate([chunk.images for chunk in chunks])
    height, width = images.shape[1:3]
    reference = MTCNN(
        keep_all=True, min_face_size=detector.min_face_px(height, width), device=detector.device
    )
    frames = range(0, len(images), settings.every)
    loop_ms, loop = timed(lambda: [reference.detect(images[i], landmarks=True) for i in frames], len(frames))
    cascade_ms, dense = timed(
        lambda: [faces for chunk in chunks for faces in detector.detect(chunk.images)], len(images)
    )
    track_ms, tracks = timed(
        lambda: alone(track_faces(lambda: iter(chunks), settings.crops), detector), len(images)
    )
    print(f"{path.name[:32]:32} {width:4}x{height:<4} {loop_ms:8.1f} {cascade_ms:8.1f} {track_ms:8.1f}")
    for i, (boxes, _, points) in zip(frames, loop):
        for box, landmarks in zip(() if boxes is None else boxes, () if points is None else points):
            add_face(sums, dense[i], np.float32(box), np.float32(landmarks))
    add_track(sums, dense, tracks[0])


def timed(work, n_frames: int) -> tuple[float, list]:
    """Milliseconds of processor time per frame, and the result."""
    begin = time.process_time()
    result = work()
    return 1000 * (time.process_time() - begin) / n_frames, result


def add_face(sums: Sums, found: Faces, box: np.ndarray, landmarks: np.ndarray) -> None:
    ious = overlap(found.boxes, box) if len(found) else np.zeros(1)
    best = int(ious.argmax())
    apart = np.inf
    if len(found):
        eyes = np.linalg.norm(landmarks[1] - landmarks[0])
        apart = float(np.linalg.norm(found.landmarks[best] - landmarks, axis=1).mean() / eyes)
    sums.n_faces += 1
    sums.ious += (float(ious[best]),)
    sums.landmarks += (apart,)


def add_track(sums: Sums, dense: list[Faces], track: FaceTrack) -> None:
    """Compare the track with the nearest face of the cascade, and that face with the one of the frame
    before."""
    previous = None
    for faces, box, status in zip(dense, track.boxes_xyxy, track.status):
        if not len(faces) or not status:
            sums.n_missed += bool(len(faces) and not status)
            previous = None
            continue
        ious = overlap(faces.boxes, box)
        nearest = faces.boxes[ious.argmax()]
        sums.tracked += (float(ious.max()),)
        if previous is not None:
            sums.itself += (float(overlap(nearest[None], previous)[0]),)
        previous = nearest


if __name__ == "__main__":
    run(main, Settings, __doc__)
