"""A run with pseudo-labels of a few clips whose frames can be told apart."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from crop_caches import store_clips

from vidfer.clips.clip import Clip
from vidfer.learn.pseudo_labels import PseudoLabels, write_pseudo_labels
from vidfer.store.reader import CropCache

CLASSES = ("angry", "happy", "sad")

CLIPS = {
    "a/0.mp4": (0.5, 0.3, 0.2),
    "a/1.mp4": (0.1, 0.8, 0.1),
    "a/2.mp4": (0.4, 0.35, 0.25),
    "faceless.mp4": (0.3, 0.3, 0.4),
    "long@1": (0.05, 0.05, 0.9),
}
"""Clip -> the teacher's probabilities."""

N_FRAMES = 40


def write_review_run(folder: Path) -> Path:
    """A run folder and its cache. Frame ``t`` has the grey value ``3 t``; the first two show no face."""
    made = []
    for clip in CLIPS:
        status = np.full(N_FRAMES, 0 if clip == "faceless.mp4" else 1, np.uint8)
        status[:2] = 0
        crops = np.zeros((N_FRAMES, 3, 32, 32, 3), np.uint8)
        crops += (3 * np.arange(N_FRAMES, dtype=np.uint8))[:, None, None, None, None]
        span = {"start_s": 1.0, "end_s": 2.5} if clip == "long@1" else {}
        path = folder / "a" / "long.mp4" if span else folder / clip
        made.append((Clip(id=clip, path=path, **span), status, crops))
    cache = store_clips(folder / "made.h5", made, size_px=32, codec="jpeg")
    return write_round(folder / "student", cache, [CLIPS[clip.id] for clip in cache.clips], CLASSES)


def write_round(run: Path, cache: CropCache, probabilities: Sequence, classes: Sequence[str]) -> Path:
    """A run folder with the pseudo-labels of one round; a row of probabilities for each clip of the cache."""
    clips = cache.clips
    labels = PseudoLabels(
        clip_ids=tuple(clip.id for clip in clips),
        probabilities=np.float32(probabilities),
        has_face=np.array([clip.n_faces > 0 for clip in clips]),
        weights=np.ones(len(clips), np.int64),
        classes=tuple(classes),
        teacher_hash="t",
        cache_hash=cache.content_hash,
        media=tuple((clip.path, clip.start_s, clip.end_s) for clip in clips),
    )
    write_pseudo_labels(labels, run / "pseudo_labels" / "round1.csv", {})
    (run / "settings.json").write_text(json.dumps({"cache": str(cache.path)}))
    return run
