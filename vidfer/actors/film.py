"""Writes a set of actors as video files."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
from collections.abc import Callable
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np

from vidfer.actors.cast import Role, cast
from vidfer.actors.conditions import CONDITIONS
from vidfer.actors.draw import draw_clip
from vidfer.actors.identity import sample_identity
from vidfer.actors.settings import ActorSettings
from vidfer.actors.truth import write_clip_truth, write_tables
from vidfer.errors import VidferError
from vidfer.files import write_text

SETTINGS_FILE = "truth/settings.json"
"""Says which settings a folder was made with, so that a killed run can go on."""

FORMAT_VERSION = 1
"""Counts up when the same settings give other bytes."""


def write_actors(
    settings: ActorSettings,
    out: Path,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write the clips, ``subjects.csv`` and the truth into ``out``, in AFEW's layout.

    A clip is written under a temporary name and renamed when complete; a second call with the same settings
    writes only what is missing. ``workers`` processes draw; their number does not change a byte.
    ``progress`` is called with (clips done, clips in all). Raises VidferError when ``out`` holds something
    else.
    """
    if workers < 1:
        raise VidferError(f"workers is {workers}; at least 1 is needed")
    out = Path(out)
    _claim(settings, out)
    roles = cast(settings)
    for folder in {(out / role.id).parent for role in roles}:
        folder.mkdir(parents=True, exist_ok=True)
    missing = [role for role in roles if not (out / role.id).exists()]
    done = len(roles) - len(missing)
    if progress:
        progress(done, len(roles))
    for _ in _each(partial(_film, settings=settings, out=out), missing, workers):
        done += 1
        if progress:
            progress(done, len(roles))
    write_tables(roles, settings, out)


def _claim(settings: ActorSettings, out: Path) -> None:
    """Make ``out`` this data set's folder, or refuse."""
    wanted = json.dumps({"format_version": FORMAT_VERSION, **dataclasses.asdict(settings)}, indent=1) + "\n"
    note = out / SETTINGS_FILE
    if out.exists() and not out.is_dir():
        raise VidferError(f"{out} is a file; give a folder for the actors")
    if note.exists():
        if note.read_text(encoding="utf-8") != wanted:
            raise VidferError(
                f"{out} holds actors of other settings ({note}); give another folder, or the same settings"
            )
        return
    # A run killed in its first moments leaves no more than an empty truth folder and the unfinished note.
    unfinished = note.with_name(note.name + ".tmp")
    if out.exists() and any(path not in (note.parent, unfinished) for path in out.rglob("*")):
        raise VidferError(f"{out} is not empty and holds no actors; give a new or an empty folder")
    write_text(note, wanted)


def _each(work: Callable[[Role], None], roles: list[Role], workers: int):
    if workers <= 1 or len(roles) <= 1:
        yield from map(work, roles)
        return
    # Spawn: a forked child of a process that has used threads (torch, cv2) can hang.
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(workers, len(roles)), initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        yield from pool.imap_unordered(work, roles)


def _film(role: Role, settings: ActorSettings, out: Path) -> None:
    identity = sample_identity(np.random.default_rng([2, *role.identity_seed]))
    frames, truth = draw_clip(
        identity,
        role.label,
        setting=settings.setting,
        seed=role.clip_seed,
        n_frames=role.n_frames,
        fps=settings.fps,
        size=settings.size,
    )
    # The video comes last: when it is there, its truth is there too.
    write_clip_truth(truth, settings.fps, out / "truth" / f"{role.stem}.csv")
    video = out / role.id
    temporary = video.with_name(video.name + ".tmp")
    encode(frames, temporary, fps=settings.fps, crf=CONDITIONS[settings.setting].crf)
    temporary.replace(video)


def encode(frames: np.ndarray, path: Path, *, fps: int, crf: int) -> None:
    """Write frames, uint8 (T, H, W, 3) RGB, as H.264 in AVI.

    One thread, so that the bytes are the same on each run. No B-frames, because AVI keeps no order of
    display. One key frame, because decord 0.6 seeks to wrong frames in an AVI that has more.
    """
    with av.open(str(path), "w", format="avi", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1
        stream.options = {
            "preset": "veryfast",
            "crf": str(crf),
            "bf": "0",
            "g": str(max(2, len(frames))),
            "sc_threshold": "0",
            "threads": "1",
        }
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
