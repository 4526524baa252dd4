"""Film strips of a run: the chosen clips go through its network once more, for the attention weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from vidfer.data.dataset import ClipDataset
from vidfer.errors import VidferError
from vidfer.models.checkpoint import load_checkpoint
from vidfer.report.choose_clips import ClipVerdict
from vidfer.report.film_strip import FilmStrip, build_strip


@torch.no_grad()
def film_strips(
    checkpoint: Path, cache: Path, verdicts: Sequence[ClipVerdict], *, n_frames: int, device: str
) -> list[FilmStrip]:
    """One strip per verdict, in their order.

    Args:
        checkpoint: folder of the network that gave the verdicts.
        cache: crop cache with the clips.
        verdicts: chosen clips, all with a face.
        n_frames: frames of each clip, as in the evaluation; a shorter clip has a shorter strip.
        device: where the network runs, as torch names it.

    Raises:
        VidferError: a clip is not in the cache.
    """
    model = load_checkpoint(checkpoint)[0].to(device)
    places = {clip.id: place for place, clip in enumerate(ClipDataset(cache, (), n_frames=1).cache.clips)}
    for verdict in verdicts:
        if verdict.clip_id not in places:
            raise VidferError(
                f"clip '{verdict.clip_id}' of the result file is not in {cache}; "
                "name the cache that it was measured on"
            )
    clips = ClipDataset(cache, [places[v.clip_id] for v in verdicts], n_frames=n_frames)
    strips = []
    for position, verdict in enumerate(verdicts):
        # Clip by clip: a few of them are no work, and memory stays small.
        item = clips[position]
        embedding = model.embed(item["crops"][None].to(device), item["frame_mask"][None].to(device))
        frames, seen = clips.cache.frames(int(clips.clips[position])), item["frame_mask"].numpy()
        strips.append(
            build_strip(
                item["crops"].numpy()[seen],
                embedding.attention["frames"][0].float().cpu().numpy()[seen],
                frames.times_s[clips.frames_of(position)],
                clip_id=verdict.clip_id,
                label=verdict.label,
                prediction=verdict.prediction,
                confidence=verdict.confidence,
            )
        )
    return strips
