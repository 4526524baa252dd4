"""What a cache holds: as numbers, and as text for a terminal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from vidfer.crops import STATUS
from vidfer.store.failures import KINDS, list_failures
from vidfer.store.reader import CropCache


@dataclass(frozen=True, kw_only=True)
class CacheSummary:
    """The numbers of a cache."""

    n_clips: int
    n_frames: int
    video_s: float
    """Seconds of video that the frames cover."""
    n_bytes: int
    """Size of the file."""
    counts: dict[tuple[str, str], int]
    """Clips of each (split, label); ``-`` stands for none."""
    subjects: dict[str, int]
    """Number of subjects in each split. Splits without known subjects are left out."""
    status: dict[str, int]
    """Frames of each status."""
    readers: dict[str, int]
    """Clips that each library has decoded. Caches made before November 2026 do not say it."""
    failures: dict[str, int]
    """Clips by what went wrong with them, see :data:`vidfer.store.failures.KINDS`."""
    codec: str
    settings: dict
    versions: dict[str, str]
    content_hash: str


def summarise(cache: CropCache) -> CacheSummary:
    """Count what a cache holds."""
    status, video_s = np.zeros(len(STATUS), np.int64), 0.0
    subjects: dict[str, set[str]] = {}
    for index, clip in enumerate(cache.clips):
        frames = cache.frames(index)
        status += np.bincount(frames.status, minlength=len(STATUS))[: len(STATUS)]
        if len(frames) > 1:  # the last frame lasts as long as the others do
            video_s += float(np.ptp(frames.times_s)) + float(np.median(np.diff(frames.times_s)))
        if clip.subject:
            subjects.setdefault(clip.split or "-", set()).add(clip.subject)
    header = cache.header
    return CacheSummary(
        n_clips=len(cache),
        n_frames=int(status.sum()),
        video_s=video_s,
        n_bytes=cache.path.stat().st_size,
        counts=dict(Counter((clip.split or "-", clip.label or "-") for clip in cache.clips)),
        subjects={split: len(names) for split, names in sorted(subjects.items())},
        status=dict(zip(STATUS, status.tolist())),
        readers=dict(Counter(clip.reader for clip in cache.clips if clip.reader).most_common()),
        failures=dict(Counter(failure.kind for failure in list_failures(cache))),
        codec="raw" if header.codec == "raw" else f"JPEG quality {header.quality}",
        settings=header.crop_settings,
        versions=header.versions,
        content_hash=cache.content_hash,
    )


def inspect_cache(cache: CropCache) -> str:
    """The numbers of a cache as text for a terminal."""
    s = summarise(cache)
    hours = s.video_s / 3600
    lines = [
        f"{cache.path}: {s.n_clips:,} clips, {s.n_frames:,} frames, {_duration(s.video_s)} of video, "
        f"{_bytes(s.n_bytes)}",
        f"content hash {s.content_hash}",
        *_shard(cache),
        "",
        *_table(s.counts),
        "",
    ]
    if s.subjects:
        lines.append(
            f"subjects   {', '.join(f'{_split_name(split)} {n}' for split, n in s.subjects.items())}"
        )
    lines += [f"names      {note}" for note in cache.spelling_notes]
    share = max(1, s.n_frames)
    lines.append(
        f"frames     {', '.join(f'{name} {n:,} ({100 * n / share:.1f} %)' for name, n in s.status.items())}"
    )
    if s.readers:
        lines.append(f"read by    {', '.join(f'{name} {n:,} clips' for name, n in s.readers.items())}")
    size = f"crops      face, eyes, mouth of {cache.size_px} px, {s.codec}"
    if s.n_frames:
        size += f"; {_bytes(s.n_bytes / s.n_frames)} a frame"
    if hours:
        size += f", {_bytes(s.n_bytes / hours)} an hour of video"
    lines.append(size)
    lines.append(f"settings   {', '.join(f'{name} {value}' for name, value in s.settings.items())}")
    lines.append(f"versions   {', '.join(f'{name} {value}' for name, value in s.versions.items())}")
    if s.failures:
        kinds = ", ".join(f"{n:,} {KINDS[kind]}" for kind, n in s.failures.items())
        lines.append(f"failures   {kinds}; `vidfer inspect {cache.path} --failures` lists them with reasons")
    return "\n".join(lines)


def _shard(cache: CropCache) -> list[str]:
    shard = cache.header.shard
    if shard is None:
        return []
    clips = f"of {shard.total_clips:,} clips in all; `vidfer merge` joins the shards"
    return [f"shard {shard.index} of {shard.count}, {clips}"]


def _split_name(split: str) -> str:
    return "no split" if split == "-" else split


def _table(counts: dict[tuple[str, str], int]) -> list[str]:
    """A table with a row per split, a column per label, and sums."""
    order = ("train", "val", "test", "unlabelled")
    splits = sorted({split for split, _ in counts}, key=lambda s: (order.index(s) if s in order else 9, s))
    labels = sorted({label for _, label in counts}, key=lambda label: (label == "-", label))
    rows = [["split", *("no label" if label == "-" else label for label in labels), "all"]]
    for split in splits:
        numbers = [counts.get((split, label), 0) for label in labels]
        rows.append([_split_name(split), *map(str, numbers), str(sum(numbers))])
    sums = [sum(counts.get((split, label), 0) for split in splits) for label in labels]
    rows.append(["all", *map(str, sums), str(sum(sums))])
    widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(w) if c == 0 else cell.rjust(w) for c, (cell, w) in enumerate(zip(row, widths)))
        for row in rows
    ]


def _bytes(n: float) -> str:
    if n < 1000:
        return f"{n:.0f} B"
    size, unit = next((s, u) for s, u in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")) if n >= s)
    return f"{n / size:.{0 if n >= 100 * size else 1}f} {unit}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, hours = seconds / 60, seconds / 3600
    return f"{minutes:.1f} min" if minutes < 60 else f"{hours:.1f} h"
