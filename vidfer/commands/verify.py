"""``vidfer verify``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.commands.console import parse
from vidfer.commands.progress import Progress
from vidfer.commands.say import give, say, tell
from vidfer.errors import SettingError

EXAMPLES = (
    ("vidfer verify cache/afew.h5", "look for damage"),
    ("vidfer verify cache/afew.h5 --repair --src afew --root AFEW", "make the damaged clips again"),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer verify``"""

    @dataclass(frozen=True, kw_only=True)
    class Verify:
        """Recompute every hash of a cache and name the damaged clips. With --repair, make them again."""

        cache: tyro.conf.Positional[Path]
        """The cache."""
        repair: bool = False
        """Make damaged clips again from their videos, and copy all others byte for byte. The cache is
        replaced when the new one is complete."""
        src: str | None = None
        """With --repair: the kind of data set, as for `vidfer cache`."""
        root: Path | None = None
        """With --repair: the folder of the data set."""
        subject_pattern: str | None = None
        """With --repair: as for `vidfer cache`."""
        enhance: Path | None = None
        """With --repair: the ONNX model, if the cache was made with one."""
        workers: int | None = None
        """With --repair: processes that read videos; by default one per core."""
        device: str = "cpu"
        """With --repair: where the face detector runs: cpu, cuda, cuda:1."""

    options = parse(Verify, arguments)
    if options.repair and not (options.src and options.root):
        raise SettingError(
            "--repair makes clips again from their videos; add --src and --root as for `vidfer cache`"
        )
    if not options.repair and (options.src or options.root):
        raise SettingError(
            "--src and --root have no effect without --repair; add --repair, or leave them out"
        )
    from vidfer.store.verify import verify_cache

    with Progress("verifying", "clip") as progress:
        faults = verify_cache(options.cache, progress=progress)
    told = [{"clip": fault.clip, "what": fault.what} for fault in faults]
    for fault in faults:
        say(f"{fault.clip or options.cache}: {fault.what}")
    if not faults:
        tell(f"{options.cache}: every byte is as it was written")
        give(cache=options.cache, faults=[])
        return 0
    if not options.repair:
        if any(fault.clip for fault in faults):
            tell(f"repair it with `vidfer verify {options.cache} --repair --src ... --root ...`")
        give(cache=options.cache, faults=told)
        return 1
    return _repair(options, faults)


def _repair(options, faults: Sequence) -> int:
    """Make the clips with faults again."""
    from vidfer.build.repair import repair_cache
    from vidfer.clips import find_clips
    from vidfer.infer.device import check_device
    from vidfer.store.verify import PROVENANCE

    check_device(options.device)
    clips = find_clips(options.src, options.root, subject_pattern=options.subject_pattern)
    with Progress("reading", "clip") as progress, Progress("joining", "clip") as join_progress:
        done = repair_cache(
            options.cache,
            faults,
            clips,
            enhance=options.enhance,
            workers=options.workers,
            device=options.device,
            progress=progress,
            join_progress=join_progress,
        )
    tell(f"{options.cache}: {len(done.ids)} clips made again")
    if any(fault.what == PROVENANCE for fault in faults):
        tell("versions, reasons of failures and file sizes now count as right as they stand")
    tell(f"content hash {done.content_hash}")
    give(
        options.cache,
        cache=options.cache,
        made_again=list(done.ids),
        as_before=done.as_before,
        content_hash=done.content_hash,
    )
    if done.as_before:
        tell("the content is what it was before the damage")
    else:
        say("the content is not what it was before the damage: videos, labels or libraries have changed")
    return 0 if done.as_before else 1
