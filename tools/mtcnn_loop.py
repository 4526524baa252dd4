"""The usual way to make a cache, for comparison: decord, a loop over ``MTCNN.detect``, JPEGs, HDF5."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import decord
import h5py
import numpy as np
from facenet_pytorch import MTCNN

from vidfer.clips.clip import Clip
from vidfer.crops.decode.video import read_chunks
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.regions import crop_regions
from vidfer.crops.settings import CropSettings


def build_by_loop(clips: Sequence[Clip], out: Path, settings: CropSettings, quality: int) -> int:
    """Cache the largest face of each frame, and return the number of frames.

    Smallest face, crops and JPEGs are those of vidfer. Every frame is searched as a whole.
    """
    detector = FaceDetector("cpu", settings)  # only for the smallest face that it would search for
    n_frames = 0
    with h5py.File(out, "w") as file:
        for clip in clips:
            images = read_with_decord(clip.path)
            mtcnn = MTCNN(
                keep_all=True,
                min_face_size=detector.min_face_px(*images[0].shape[:2]),
                thresholds=list(settings.thresholds),
            )
            group = file.create_group(clip.id)
            for number, image in enumerate(images):
                boxes, _, landmarks = mtcnn.detect(image, landmarks=True)
                if boxes is None:
                    continue
                largest = int(np.argmax((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])))
                for region, crop in enumerate(crop_regions(image, landmarks[largest], settings)):
                    bgr = cv2.cvtColor(crop, cv2.COLOR_RGB2BGR)
                    jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
                    group.create_dataset(f"{number}/{region}", data=jpeg)
            n_frames += len(images)
    return n_frames


def read_with_decord(path: Path) -> list[np.ndarray]:
    """All frames of a video in order; read by vidfer where decord fails."""
    decord.logging.set_level(decord.logging.QUIET)
    try:
        video = decord.VideoReader(str(path), num_threads=1)
        return [video.next().asnumpy() for _ in range(len(video))]
    except (decord.DECORDError, RuntimeError):
        return [image for chunk in read_chunks(path) for image in chunk.images]
