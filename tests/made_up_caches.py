"""Caches of made-up crops: what the store keeps does not depend on what the pictures show."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from vidfer.build.join import concatenate
from vidfer.build.stored_clips import StoredClip
from vidfer.build.write_part import write_part
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.store.records import CachedClip
from vidfer.store.schema import Header

SIZE_PX = 32


def header_for(codec: str = "jpeg", **changes) -> Header:
    quality = 95 if codec == "jpeg" else None
    settings = {"size_px": SIZE_PX, "key_every": 4}
    values = {"crop_settings": settings, "codec": codec, "quality": quality, "size_px": SIZE_PX}
    return Header(**values | {"versions": {"vidfer": "0"}} | changes)


def pictures(n_frames: int, seed: int) -> np.ndarray:
    """(n, 3, S, S, 3) uint8: a smooth colour pattern of its own for every frame and region."""
    rng = np.random.default_rng([seed, 77])
    y, x = np.mgrid[0:SIZE_PX, 0:SIZE_PX] / SIZE_PX
    phase = rng.uniform(0, 6.28, (n_frames, 3, 1, 1, 3))
    tilt = rng.uniform(1, 4, (n_frames, 3, 1, 1, 3, 2))
    wave = np.sin(tilt[..., 0] * x[..., None] + tilt[..., 1] * y[..., None] + phase)
    return (127.5 + 120 * wave).astype(np.uint8)


def face_track(n_frames: int, seed: int) -> FaceTrack:
    """Some frames missing, from the third on every fifth."""
    rng = np.random.default_rng([seed, 78])
    status = rng.integers(1, 4, n_frames).astype(np.uint8)
    status[2::5] = 0
    track = FaceTrack(
        np.arange(n_frames) / 25.0,
        rng.uniform(0, 200, (n_frames, 4)).astype(np.float32),
        rng.uniform(0, 200, (n_frames, 5, 2)).astype(np.float32),
        rng.uniform(0.6, 1, n_frames).astype(np.float32),
        status,
    )
    for values in (track.boxes_xyxy, track.landmarks, track.scores):
        values[status == 0] = np.nan
    return track


def clip_record(number: int, **changes) -> CachedClip:
    split = ("train", "val", "test", None)[number % 4]
    values = {
        "id": f"{split or 'more'}/clip_{number:04d}",
        "path": f"{split or 'more'}/clip_{number:04d}.avi",
        "label": None if number % 4 == 3 else ("happy", "sad")[number % 2],
        "subject": f"person_{number % 5}",
        "split": split,
        "start_s": 0.5 if number == 1 else None,
        "box_hint": (1.0, 2.5, 3.0, 4.0) if number == 2 else None,
        "file_size": 1000 + number,
    }
    return CachedClip(**values | changes)


def make_part(folder: Path, number: int, n_frames: int, codec: str = "jpeg", **changes) -> StoredClip:
    """Write a part of one face in two pieces; return what :func:`concatenate` takes."""
    record = clip_record(number, **changes)
    path = folder / f"{number}.h5"
    crops = pictures(n_frames, number)
    write_part(path, header_for(codec), record, [(face_track(n_frames, number), [crops[:4], crops[4:]])])
    return StoredClip(record, path, 0)


def described(stored: StoredClip, **changes) -> StoredClip:
    """The same crops under another description."""
    return replace(stored, record=replace(stored.record, **changes))


def make_cache(folder: Path, lengths=(5, 1, 12, 0, 7), codec: str = "jpeg") -> Path:
    """A cache whose clip number i has lengths[i] frames; one of no frames could not be read."""
    folder.mkdir(parents=True, exist_ok=True)
    clips = [
        make_part(folder, i, n, codec, reason="" if n else "no such codec") for i, n in enumerate(lengths)
    ]
    concatenate(clips, header_for(codec), folder / "cache.h5")
    return folder / "cache.h5"
