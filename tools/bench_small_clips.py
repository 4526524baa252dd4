"""How fast a set of small clips is cached: in groups, against one by one.

Both sides run in this process, in turn, and all their work is counted in its CPU seconds, which other
programs on the machine make only a little longer. Without --root, clips of drawn people are made.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Literal

import cv2
import numpy as np
from program import run

from vidfer.build import group_clips as grouping
from vidfer.build.build_task import BuildTask, ClipToRead
from vidfer.build.header import header_of
from vidfer.build.join import concatenate
from vidfer.build.make_part import prepare
from vidfer.build.plan_build import all_faces, plan_build
from vidfer.build.settings import BuildSettings
from vidfer.clips import find_clips
from vidfer.crops.settings import CropSettings
from vidfer.store.records import record_of

SIDES = {"one by one": 1, "in groups": grouping.GROUP_CLIPS}
"""Clips of a group."""
VIDEO_SIZE = (320, 240)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is cached, and how often."""

    root: Path | None = None
    """A folder of pictures, folders of frames or videos, as `vidfer cache --src folder` takes it."""
    clips: int = 1000
    """Clips of each turn, spread evenly over the folder; or drawn ones."""
    drawn: Literal["pictures", "folders", "videos"] = "pictures"
    """What is drawn: square pictures, folders of these, or videos of 320x240 pixels."""
    drawn_px: int = 48
    """Side of drawn pictures, alone and in folders."""
    frames: int = 8
    """Frames of a drawn folder or video."""
    turns: int = 3
    """The median over turns is printed."""
    crops: CropSettings = field(default_factory=lambda: CropSettings(size_px=64))


def main(settings: Settings) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        root = settings.root or draw_clips(settings, Path(folder) / "drawn")
        listing_s, clips = timed(lambda: find_clips("folder", root))
        every = max(1, len(clips) // settings.clips)
        todo = [(clip, record_of(clip)) for clip in clips[::every][: settings.clips]]
        turns: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
        hashes = set()
        for turn in range(settings.turns):
            for side in SIDES:
                out = Path(folder) / f"{turn}.{SIDES[side]}.h5"
                *seconds, content = cache(todo, out, settings.crops, SIDES[side])
                turns[side].append(tuple(seconds))
                hashes.add(content)
        print(f"{len(todo)} clips; listing {len(clips)} takes {listing_s:.2f} s of CPU time")
        print(f"{'clips per CPU second':24} {'reading':>9} {'joining':>9} {'both':>9}")
        for side, seconds in turns.items():
            read_s, join_s = (median(values) for values in zip(*seconds))
            rates = (len(todo) / s for s in (read_s, join_s, read_s + join_s))
            print(f"{side:24}" + "".join(f" {rate:9.1f}" for rate in rates))
        print(f"content hash {hashes.pop()} on both sides" if len(hashes) == 1 else "THE CONTENT DIFFERS")


def cache(
    todo: Sequence[ClipToRead], out: Path, crops: CropSettings, group_clips: int
) -> tuple[float, float, str]:
    """CPU seconds of reading (with the search for faces), and of planning and joining; the content hash."""
    build = BuildSettings(workers=1)
    header = header_of(crops, build)
    task = BuildTask(
        out=out,
        header=header,
        crop_settings=crops,
        build_settings=build,
        device="cpu",
        n_workers=1,
        n_cores=1,
    )
    task.parts.folder.mkdir(parents=True)
    task.parts.prepare(header, overwrite=False)
    grouping.GROUP_CLIPS = group_clips
    make = prepare(task.parts, header, crops, "cpu", overlap=False)
    make([todo[0]])  # what is made once: memory, and the code of the networks

    def read() -> None:
        for job in grouping.group_clips(todo, n_workers=1):
            make(job)

    def join() -> str:
        plan = plan_build(todo, task)
        return concatenate(list(all_faces(plan, header)), header, out, parts=task.parts)

    read_s, _ = timed(read)
    join_s, content = timed(join)
    return read_s, join_s, content


def timed(work: Callable) -> tuple[float, object]:
    """CPU seconds of this process, and the result."""
    begin = time.process_time()
    result = work()
    return time.process_time() - begin, result


def draw_clips(settings: Settings, folder: Path) -> Path:
    """Write clips of drawn people, half of them in a studio and half in the wild."""
    from vidfer.actors.draw import draw_clip
    from vidfer.actors.encode import encode
    from vidfer.actors.identity import sample_identity

    folder.mkdir(parents=True)
    n_frames = 1 if settings.drawn == "pictures" else settings.frames
    for i in range(settings.clips):
        identity = sample_identity(np.random.default_rng(i))
        options = {"setting": ("studio", "wild")[i % 2], "n_frames": n_frames, "fps": 25, "size": VIDEO_SIZE}
        frames = draw_clip(identity, "happy", seed=i, **options)[0]
        if settings.drawn == "videos":
            encode(frames, folder / f"{i:05d}.avi", fps=25, crf=23)
            continue
        side = (settings.drawn_px, settings.drawn_px)
        for number, frame in enumerate(frames):
            picture = cv2.resize(frame[20:212, 60:252], side, interpolation=cv2.INTER_AREA)
            name = f"{i:05d}.jpg" if settings.drawn == "pictures" else f"{i:05d}/{number:03d}.jpg"
            (folder / name).parent.mkdir(exist_ok=True)
            cv2.imwrite(str(folder / name), picture[..., ::-1])
    return folder


if __name__ == "__main__":
    run(main, Settings, __doc__)
