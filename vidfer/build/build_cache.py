"""Building a cache from clips, in such a way that nothing finished is ever lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vidfer.build.build_report import BuildReport
from vidfer.build.build_task import BuildTask, ClipToRead, cores_per_process
from vidfer.build.builder import Builder
from vidfer.build.header import header_of
from vidfer.build.join import Progress
from vidfer.build.lock import sole_writer
from vidfer.build.process_group import ProcessGroup
from vidfer.build.settings import BuildSettings
from vidfer.build.shares import choose_shard, parse_shard, shard_path
from vidfer.clips.clip import Clip
from vidfer.crops.settings import CropSettings
from vidfer.errors import DataError, DiskError
from vidfer.reachable import check_reachable
from vidfer.store.records import record_of


def build_cache(
    clips: Sequence[Clip],
    out: Path | str,
    crop_settings: CropSettings | None = None,
    build_settings: BuildSettings | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    join_progress: Progress | None = None,
    *,
    shard: str | None = None,
    group: ProcessGroup | None = None,
) -> BuildReport:
    """Make a cache of clips, or bring an existing one up to date.

    Clips that an earlier start has finished are not read again, whether they lie in ``<out>.parts`` or in
    ``out``. New clips are read; clips with another label get that label. A clip that cannot be read is kept
    with a reason and never stops the run. A build that is killed at any moment and started again ends in the
    same content, with any number of workers and processes.

    Args:
        clips: what the cache shall hold. Ids are unique.
        out: the cache. Its folder is made if needed.
        crop_settings: how faces are found and cut; the defaults if not given.
        build_settings: how crops are stored and how the work is done; the defaults if not given.
        device: where the nets run, in each worker: ``cpu``, ``cuda``, ``cuda:1``.
        progress: called with the number of finished clips and the number of all.
        join_progress: called with the number of clips copied into the cache and the number of all.
        shard: ``2/8`` makes the second of eight shares of the clips, in a cache of its own beside ``out``.
        group: the processes that build together. The others call
            :func:`vidfer.build.read_share.read_share`.

    Raises:
        DataError: there are no clips, or two have the same id.
        CacheError: the cache or the parts that are there have other settings; the cache has clips that are
            not found now; another process writes it; or a process of the group has failed.
        DiskError: the disk is full, or ``out`` cannot be written.
    """
    crop_settings, build_settings = crop_settings or CropSettings(), build_settings or BuildSettings()
    out, group = Path(out), group or ProcessGroup()
    if out.is_symlink():
        check_reachable(out)
        out = out.resolve()  # the link stays; and however the cache is named, there is one lock
    if out.is_dir():
        raise DiskError(f"{out} is a folder; name the file to write, such as {out / 'afew.h5'}")
    todo, share = _with_records(clips), None
    if shard:
        index, count = parse_shard(shard)
        out = shard_path(out, index, count)
        share, ids = choose_shard([record for _, record in todo], index, count)
        todo = [(clip, record) for clip, record in todo if clip.id in ids]
    n_cores = cores_per_process(group.local_size)
    task = BuildTask(
        out=out,
        header=replace(header_of(crop_settings, build_settings), shard=share),
        crop_settings=crop_settings,
        build_settings=build_settings,
        device=group.device(device),
        n_workers=build_settings.workers or n_cores,
        n_cores=n_cores,
    )
    try:
        with sole_writer(task.parts.folder, out):
            try:
                return Builder(todo, task, group, progress, join_progress).run()
            finally:
                task.parts.remove_if_empty()
    except OSError as error:
        raise DiskError(f"cannot write {out}: {error}; give another --out") from error


def _with_records(clips: Sequence[Clip]) -> list[ClipToRead]:
    if not clips:
        raise DataError("there are no clips to make a cache of; check --root and --src")
    paths: dict[str, Path] = {}
    for clip in clips:
        if clip.id in paths:
            raise DataError(
                f"two clips have the id '{clip.id}': {paths[clip.id]} and {clip.path}; rename one of them"
            )
        paths[clip.id] = clip.path
    return [(clip, record_of(clip)) for clip in clips]
