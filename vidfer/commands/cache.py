"""``vidfer cache``."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from vidfer.build.settings import BuildSettings
from vidfer.commands.console import parse
from vidfer.commands.progress import Progress
from vidfer.commands.say import give, note, say, tell
from vidfer.commands.stopped import go_on_so, stopped_text
from vidfer.crops.settings import CropSettings

if TYPE_CHECKING:
    from vidfer.build.build_report import BuildReport
    from vidfer.build.process_group import ProcessGroup
    from vidfer.clips.clip import Clip

Flat = tyro.conf.OmitArgPrefixes


EXAMPLES = (
    (
        "vidfer cache --src folder --root footage --out cache/footage.h5",
        "read your own clips: a folder for each expression",
    ),
    (
        "vidfer cache --src afew --root AFEW --out cache/afew.h5 --device cuda",
        "read a public data set, and find the faces on a GPU",
    ),
    (
        "vidfer cache --src afew --root AFEW --out cache/afew.h5 --retry-failed",
        "read again what could not be read",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer cache``, in one process or in several that a launcher has started"""
    from vidfer.build.process_group import join_process_group

    group = join_process_group()
    if not group.is_main:
        from vidfer.build.read_share import read_share

        try:
            return read_share(group)
        except KeyboardInterrupt:  # the main process says so
            return 130
    signal.signal(signal.SIGTERM, _stop)  # sent by launchers and queues of jobs
    try:
        return _cache(arguments, group)
    except _Stopped:
        say(f"vidfer cache: {stopped_text('cache')}", file=sys.stderr)
        return 128 + signal.SIGTERM
    finally:
        group.dismiss()


def _cache(arguments: Sequence[str], group: ProcessGroup) -> int:
    @dataclass(frozen=True, kw_only=True)
    class Cache:
        """Find and follow the faces of all clips, and write their crops into one HDF5 file.

        Started again after an interruption, the same command goes on from there.
        """

        src: str
        """The kind of data set, one that `vidfer sources` lists; some have parts (dfew:3). Or a function of
        your own (my_source.py:my_clips); its file is run."""
        root: Path
        """The folder of the data set; for `table`, `fer2013` and `frames` also the file itself."""
        out: Path
        """The cache to write, for example cache/afew.h5."""
        subject_pattern: str | None = None
        """A regular expression. Its first group finds the subject in a file name, such as '(.+)_\\d+'."""
        shard: str | None = None
        """For jobs that run apart from each other: `2/8` makes only the second of eight shares of the clips,
        afew.2of8.h5. `vidfer merge` joins the shares."""
        device: str = "cpu"
        """Where the face detector runs: cpu, cuda, cuda:1."""
        crops: Flat[CropSettings] = CropSettings()
        build: Flat[BuildSettings] = BuildSettings()

    options = parse(Cache, arguments)
    from vidfer.build.build_cache import build_cache
    from vidfer.clips import find_clips
    from vidfer.infer.device import check_device
    from vidfer.store.reader import CropCache

    check_device(options.device)
    clips = find_clips(
        options.src,
        options.root,
        subject_pattern=options.subject_pattern,
        on_note=note,
    )
    with Progress("cropping", "clip") as progress, Progress("joining", "clip") as join_progress:
        report = build_cache(
            clips,
            options.out,
            options.crops,
            options.build,
            device=options.device,
            progress=progress,
            join_progress=join_progress,
            shard=options.shard,
            group=group,
        )
    for clip_id, reason in report.failures:
        say(f"cannot read {clip_id}: {reason}", file=sys.stderr)
    for clip_id, reason in report.cut_short:
        say(f"cannot read {clip_id} to its end: {reason}", file=sys.stderr)
    if (report.failures or report.cut_short) and not options.build.retry_failed:
        note("the next start leaves these clips as they are; --retry-failed reads them again")
    others = f" and {report.n_others} of other faces in them" if report.n_others else ""
    tell(
        f"{report.out}: {report.n_clips} clips{others}, {report.n_frames} frames; {report.n_new} clips read "
        f"now in {report.seconds:.1f} s; {report.n_without_face} without a face, {len(report.failures)} "
        f"unreadable, {len(report.cut_short)} not read to the end"
    )
    for line in CropCache(report.out).spelling_notes:  # of clips that were there before
        note(line)
    not_upright = _tell_not_upright(options, clips, report) if report.n_new else {}
    if report.n_new:
        stages = ", ".join(f"{name} {s:.1f}" for name, s in report.stage_s.items())
        speed = report.n_new_frames / report.seconds
        tell(f"{speed:.1f} frames/s; seconds of all workers: {stages}")
    tell(f"content hash {report.content_hash}")
    give(
        report.out,
        clips=report.n_clips,
        of_other_faces=report.n_others,
        frames=report.n_frames,
        read_now=report.n_new,
        without_face=report.n_without_face,
        unreadable=[{"clip": clip, "reason": reason} for clip, reason in report.failures],
        cut_short=[{"clip": clip, "reason": reason} for clip, reason in report.cut_short],
        not_upright=[{"clip": clip, "rotate_deg": degrees} for clip, degrees in not_upright.items()],
        seconds=round(report.seconds, 1),
        content_hash=report.content_hash,
    )
    return 1 if report.failures or report.cut_short else 0


def _tell_not_upright(options, clips: Sequence[Clip], report: BuildReport) -> dict[str, int]:
    """Look at some clips whose faces may not be upright, and warn of those that are not."""
    from vidfer.build.upright_clips import look_for_rotation
    from vidfer.crops.rotation import how_to_turn
    from vidfer.store.reader import CropCache

    go_on_so(f"{report.out} is complete; only the look for turned faces was not ended.")
    with CropCache(report.out) as cache, Progress("looking for turned faces", "clip") as progress:
        found = look_for_rotation(cache, clips, options.crops, options.device, progress)
    go_on_so("")
    paths = {clip.id: clip.path for clip in clips}
    n_more = found.n_unsure - found.n_looked_at
    for clip_id, rotation in found.rotations.items():
        say(
            f"warning: the faces of {clip_id} are not upright, so its crops are of no use; "
            f"{how_to_turn(paths[clip_id], rotation)}",
            file=sys.stderr,
        )
    if found.rotations and n_more:
        say(
            f"warning: these are {len(found.rotations)} of {found.n_looked_at} clips that were looked at; "
            f"{n_more} more may be like them",
            file=sys.stderr,
        )
    return found.rotations


class _Stopped(SystemExit):
    """SIGTERM has come. The message waits until the progress bars are closed."""


def _stop(*_) -> None:
    raise _Stopped(128 + signal.SIGTERM)
