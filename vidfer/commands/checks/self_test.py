"""A self-test of a few seconds: draws a film, reads it, finds the face, predicts, and trains a step."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from vidfer.commands.checks.finding import REPORT, Finding, fault, ok, warning

N_FRAMES, FPS, SIZE = 12, 12, (320, 240)
WITH_CONSTRAINTS = "install the versions that are known to work together (constraints.txt of vidfer)"


def self_test() -> Iterator[Finding]:
    """Does the whole job once, on a drawn actor, in a temporary folder that is deleted."""
    with TemporaryDirectory(prefix="vidfer_doctor_") as name:
        folder = Path(name)
        film = draw_film(folder / "film.avi")
        yield decoded(film)
        cache = folder / "film.h5"
        yield cached(film, cache)
        yield predicted(film)
        yield trained(cache)


def draw_film(path: Path) -> Path:
    """A film of one drawn actor."""
    import numpy as np

    from vidfer.actors.draw import draw_clip
    from vidfer.actors.encode import encode
    from vidfer.actors.identity import sample_identity

    identity = sample_identity(np.random.default_rng(2))
    frames, _ = draw_clip(identity, "happy", setting="studio", seed=2, n_frames=N_FRAMES, fps=FPS, size=SIZE)
    encode(frames, path, fps=FPS, crf=18)
    return path


def decoded(film: Path) -> Finding:
    """Which library reads it, and whether the frames are right."""
    from vidfer.crops.decode.decord_reader import import_decord
    from vidfer.crops.decode.video import read_chunks

    with timed() as seconds:
        chunks = list(read_chunks(film))
    n_frames, libraries = sum(map(len, chunks)), sorted({chunk.library for chunk in chunks})
    found = f"{n_frames} of {N_FRAMES} frames of a drawn film with {', '.join(libraries)}{seconds()}"
    if n_frames != N_FRAMES:
        return fault("decoding", found, f"{WITH_CONSTRAINTS}; if that does not help, {REPORT}")
    if import_decord() is None:
        return ok("decoding", f"{found}; decord is not here, PyAV reads everything")
    if libraries != ["decord"]:
        return warning(
            "decoding",
            f"{found}; decord is here, but its frames were not proved right",
            "nothing must be done, reading is slower; pip install --force-reinstall decord may help",
        )
    return ok("decoding", f"{found}, whose frames were proved right")


def cached(film: Path, cache: Path) -> Finding:
    """Finds the face in a process of its own, writes a cache, and reads it."""
    from vidfer.build.build_cache import build_cache
    from vidfer.build.settings import BuildSettings
    from vidfer.clips.clip import Clip
    from vidfer.crops.settings import CropSettings
    from vidfer.store.reader import CropCache

    clip = Clip(id=film.name, path=film, label="happy", source="actors")
    with timed() as seconds:
        build_cache([clip], cache, CropSettings(size_px=64), BuildSettings(workers=1))
    (record,) = CropCache(cache).clips
    if record.reason:
        return fault("face and cache", f"the drawn film cannot be read: {record.reason}", REPORT)
    found = f"a face in {record.n_faces} of {record.n_frames} frames, written to a cache and read{seconds()}"
    if record.n_faces < N_FRAMES:
        return fault("face and cache", found, f"{WITH_CONSTRAINTS}; if that does not help, {REPORT}")
    return ok("face and cache", found)


def predicted(film: Path) -> Finding:
    """Predicts with the included network."""
    import math

    from vidfer.included import IN_THE_BOX
    from vidfer.infer.predictor import load

    with timed() as seconds:
        moments = [one for one in load().stream(film) if one.has_face]
    wrong = [one for one in moments if not math.isclose(sum(one.probabilities.values()), 1, abs_tol=1e-3)]
    found = f"{IN_THE_BOX} answers for {len(moments)} of {N_FRAMES} frames{seconds()}"
    if len(moments) != N_FRAMES or wrong:
        what = f"; {len(wrong)} answers are no probabilities" if wrong else ""
        return fault("predicting", found + what, f"{WITH_CONSTRAINTS}; if that does not help, {REPORT}")
    return ok("predicting", found)


def trained(cache: Path) -> Finding:
    """One step of a small network on the crops of the cache."""
    import torch
    from torch.nn.functional import cross_entropy

    from vidfer.crops import REGIONS
    from vidfer.models.build import build_recogniser
    from vidfer.models.encoders.grouped_resnet18 import GroupedResNet18Settings
    from vidfer.models.settings import ModelSettings
    from vidfer.store.reader import CropCache

    with timed() as seconds:
        crops = torch.from_numpy(CropCache(cache).read(0, range(4)))
        encoder = GroupedResNet18Settings(width=8, input_px=32)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model = build_recogniser(ModelSettings(encoder=encoder, head=None, dropout=0.0), ("happy", "sad"))
        model.train()
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
        losses = []
        for _ in range(2):
            logits = model(crops.repeat(2, 1, 1, 1, 1, 1), torch.ones(2, 4, dtype=torch.bool))
            losses.append(cross_entropy(logits, torch.tensor([0, 0])))
            optimiser.zero_grad()
            losses[-1].backward()
            optimiser.step()
    before, after = (loss.item() for loss in losses)
    found = f"one step on {len(REGIONS)} regions, loss {before:.2f}, then {after:.2f}{seconds()}"
    if not after < before:
        return fault("training", found, f"{WITH_CONSTRAINTS}; if that does not help, {REPORT}")
    return ok("training", found)


@contextmanager
def timed() -> Iterator:
    """Gives a function that tells how long the block has taken, in words."""
    began = time.perf_counter()
    took = 0.0

    def seconds() -> str:
        return f" in {took:.1f} s"

    yield seconds
    took = time.perf_counter() - began
