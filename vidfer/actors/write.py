"""Writes a data set of actors as video files."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from vidfer.actors.conditions import CONDITIONS
from vidfer.actors.draw import draw_clip
from vidfer.actors.encode import encode
from vidfer.actors.identity import sample_identity
from vidfer.actors.plan import PlannedClip, plan_clips
from vidfer.actors.settings import ActorSettings
from vidfer.actors.truth import write_clip_truth, write_tables
from vidfer.errors import DataError, SettingError
from vidfer.files import write_text
from vidfer.workers import LostWorker, run_jobs

SETTINGS_FILE = "truth/settings.json"
"""The settings that made a folder; an interrupted run compares them before it goes on."""

FORMAT_VERSION = 1
"""Goes up when the same settings give other bytes."""


def write_actors(
    settings: ActorSettings,
    out: Path,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Writes the clips, ``subjects.csv`` and the truth in AFEW's layout.

    A second call with the same settings writes only the clips that are missing.

    Args:
        settings: what to draw.
        out: the folder to write into; new, empty, or begun with the same settings.
        workers: the number of processes that draw. It changes no byte.
        progress: called with the number of finished clips and of all clips.

    Raises:
        SettingError: ``out`` holds something else, or ``workers`` is below 1.
        DataError: a process that draws has died.
    """
    if workers < 1:
        raise SettingError(f"workers is {workers}; it must be 1 or more")
    out = Path(out)
    _claim_folder(settings, out)
    clips = plan_clips(settings)
    for folder in {(out / clip.id).parent for clip in clips}:
        folder.mkdir(parents=True, exist_ok=True)
    missing = [clip for clip in clips if not (out / clip.id).exists()]
    done = len(clips) - len(missing)
    if progress:
        progress(done, len(clips))
    for _ in _run(missing, settings, out, workers):
        done += 1
        if progress:
            progress(done, len(clips))
    write_tables(clips, settings, out)


def _claim_folder(settings: ActorSettings, out: Path) -> None:
    """Writes the settings into ``out``, unless it holds them already or something else."""
    content = json.dumps({"format_version": FORMAT_VERSION, **dataclasses.asdict(settings)}, indent=1) + "\n"
    file = out / SETTINGS_FILE
    if out.exists() and not out.is_dir():
        raise SettingError(f"{out} is a file; give a folder for the actors")
    if file.exists():
        if file.read_text(encoding="utf-8") != content:
            raise SettingError(
                f"{out} holds actors of other settings ({file}); give another folder, or the same settings"
            )
        return
    # A run that was killed at its very start leaves only the truth folder and the unfinished settings file.
    unfinished = file.with_name(file.name + ".tmp")
    if out.exists() and any(path not in (file.parent, unfinished) for path in out.rglob("*")):
        raise SettingError(f"{out} holds files and no actors; give a new or an empty folder")
    write_text(file, content)


def _run(clips: list[PlannedClip], settings: ActorSettings, out: Path, workers: int) -> Iterator[None]:
    """Draws each clip, in this process or in several; yields after each one."""
    if workers <= 1 or len(clips) <= 1:
        for clip in clips:
            _write_clip(clip, settings, out)
            yield
        return
    no_limit = [math.inf] * len(clips)
    for position, result in run_jobs(clips, no_limit, f"{__name__}:prepare", (settings, out), workers):
        if isinstance(result, LostWorker):
            raise DataError(f"{out / clips[position].id}: {result.reason}; start the same command again")
        if result is not None:
            raise result
        yield


def prepare(settings: ActorSettings, out: Path) -> Callable[[PlannedClip], OSError | None]:
    """What draws a clip in a process of its own (:func:`vidfer.workers.run_jobs`); gives what stopped it."""
    cv2.setNumThreads(1)  # the other cores draw other clips

    def draw(clip: PlannedClip) -> OSError | None:
        try:
            _write_clip(clip, settings, out)
        except OSError as error:  # such as a full disk
            return error
        return None

    return draw


def _write_clip(clip: PlannedClip, settings: ActorSettings, out: Path) -> None:
    identity = sample_identity(np.random.default_rng([2, *clip.identity_seed]))
    frames, truth = draw_clip(
        identity,
        clip.label,
        setting=settings.setting,
        seed=clip.clip_seed,
        n_frames=clip.n_frames,
        fps=settings.fps,
        size=settings.size,
    )
    # The video comes last: when it is there, its truth is there too.
    write_clip_truth(truth, settings.fps, out / "truth" / f"{clip.stem}.csv")
    video = out / clip.id
    temporary = video.with_name(video.name + ".tmp")
    encode(frames, temporary, fps=settings.fps, crf=CONDITIONS[settings.setting].crf)
    temporary.replace(video)
