"""The film strips of the page: some clips of a run, chosen by rule, with the attention of its network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from vidfer.data.dataset import ClipDataset
from vidfer.errors import DataError
from vidfer.models.checkpoint import load_checkpoint
from vidfer.names import Ids
from vidfer.report.film_strip import FilmStrip, build_strip

STRIPS_PER_SIDE = 2
"""How many right clips and how many wrong clips are shown."""
STRIP_RULE = (
    f"For each run the page shows {2 * STRIPS_PER_SIDE} clips of its result file: the {STRIPS_PER_SIDE} "
    f"right answers and the {STRIPS_PER_SIDE} wrong answers with the highest confidence; the clip id decides "
    "between equals. The curve is the weight of each frame in the clip embedding. On the dashed line all "
    "frames would have the same weight. A run without a classifier has no strips."
)


def choose_strips(rows: Sequence[dict]) -> list[dict]:
    """The clips of :data:`STRIP_RULE`, so that nobody can pick the pretty ones.

    Args:
        rows: of a classification (:attr:`vidfer.evaluate.result.Result.rows`).

    Returns:
        Right answers, then wrong ones, the most confident first. A clip without a face has no strip.
    """
    confident = sorted((r for r in rows if r["has_face"]), key=lambda r: (-r["probability"], r["clip"]))
    right = [row for row in confident if row["accuracy"] == 1]
    wrong = [row for row in confident if row["accuracy"] != 1]
    return right[:STRIPS_PER_SIDE] + wrong[:STRIPS_PER_SIDE]


@torch.no_grad()
def film_strips(
    checkpoint: Path, cache: Path, rows: Sequence[dict], *, n_frames: int, device: str
) -> list[FilmStrip]:
    """One strip per row, in their order.

    Args:
        checkpoint: folder of the network that gave the answers.
        cache: crop cache with the clips.
        rows: of the chosen clips, all with a face.
        n_frames: frames of each clip, as in the evaluation; a shorter clip has a shorter strip.
        device: where the network runs, as torch names it.

    Raises:
        DataError: a clip is not in the cache.
    """
    model = load_checkpoint(checkpoint)[0].to(device)
    clips = clips_by_id(cache, [row["clip"] for row in rows], n_frames)
    strips = []
    for position, row in enumerate(rows):
        item = clips[position]
        embedding = model.embed(item["crops"][None].to(device), item["frame_mask"][None].to(device))
        frames, seen = clips.cache.frames(int(clips.clips[position])), item["frame_mask"].numpy()
        strips.append(
            build_strip(
                item["crops"].numpy()[seen],
                embedding.attention["frames"][0].float().cpu().numpy()[seen],
                frames.times_s[clips.frames_of(position)],
                clip_id=row["clip"],
                label=row["label"],
                prediction=row["predicted"],
                confidence=row["probability"],
            )
        )
    return strips


def clips_by_id(cache: Path, ids: Sequence[str], n_frames: int) -> ClipDataset:
    """Clips of a result file, with evenly spaced frames.

    Args:
        cache: file of the crop cache.
        ids: of the clips.
        n_frames: frames of each clip, at most.

    Raises:
        DataError: a clip is not in the cache.
    """
    known = Ids(clip.id for clip in ClipDataset(cache, (), n_frames=1).cache.clips)
    places = [known.place(clip_id) for clip_id in ids]
    for clip_id, place in zip(ids, places):
        if place is None:
            raise DataError(
                f"clip '{clip_id}' of the result file is not in {cache}; name the cache on which it was "
                "measured"
            )
    return ClipDataset(cache, places, n_frames=n_frames)
