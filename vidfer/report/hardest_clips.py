"""The hardest clips of the page, with pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vidfer.crops import REGIONS
from vidfer.evaluate.hardest import HardClip, hardest_clips
from vidfer.report.figure_style import Picture
from vidfer.report.film_strip import CROP_PX, crops_address
from vidfer.report.film_strips import clips_by_id
from vidfer.report.named_results import NamedResult
from vidfer.report.page import Group, HardCard
from vidfer.report.result_table import episode_of
from vidfer.store.reader import CropCache

N_HARDEST = 12
"""How many clips are shown: full rows of two, three and four."""
FRAMES = 6
"""Frames of each clip, evenly spaced among those with a face."""
TILE_PX = 48
"""Side of a crop in CSS pixels."""
SPACE = "\u00a0"
"""Between a number and its per cent sign, where a line may end."""
GAP_PX = 6
"""Gap between crops, in pixels of the picture."""


def show_hardest(group: Sequence[NamedResult], cache: CropCache | None) -> Group:
    """The clips with the lowest mean accuracy over the results of a group.

    Args:
        group: results on the same clips.
        cache: for the pictures; without it, or with another cache than the results', there are none.
    """
    all_clips = hardest_clips([named.result for named in group])
    worst = all_clips[:N_HARDEST]
    here = cache is not None and cache.content_hash == group[0].result.cache_hash
    few = group[0].result.kind == "few-shot"
    runs = f"{len(group)} results" if len(group) > 1 else group[0].name
    never = sum(clip.accuracy == 0 for clip in all_clips)
    kind = "Few-shot" if few else "Classification"
    pictures = _pictures(worst, cache.path) if here else [None] * len(worst)
    return Group(
        text=(
            f"{kind}{episode_of(group[0])}: the {len(worst)} clips of {len(all_clips):,} that were "
            f"recognised least often, mean over {runs}; among equals those "
            f"{'that were a query most often' if few else 'with the most confident answers'}."
            + (f" {never:,} clips were never recognised." if never else "")
        ),
        items=[_card(clip, picture) for clip, picture in zip(worst, pictures)],
    )


def _card(clip: HardClip, picture: Picture | None) -> HardCard:
    times = "" if clip.n_queries == 1 else f" of {clip.n_queries:,} times"
    return HardCard(
        clip=clip.clip,
        subject="subject not known" if clip.subject is None else f"subject {clip.subject}",
        label=clip.label.replace("_", " "),
        taken_for="nothing else" if clip.taken_for is None else clip.taken_for.replace("_", " "),
        how=_how(clip),
        recognised=f"{100 * clip.accuracy:.0f} %{times}",
        picture=picture,
    )


def _how(clip: HardClip) -> str:
    """How often, and with which confidence, the most frequent wrong answer was given."""
    if clip.taken_for is None or not clip.has_face:
        return ""
    share = f" in {100 * clip.taken_share:.0f}{SPACE}%" if clip.n_queries > 1 else ""
    sure = "" if clip.confidence is None else f" with {100 * clip.confidence:.0f}{SPACE}% confidence"
    return share + sure


def _pictures(clips: Sequence[HardClip], cache: Path) -> list[Picture | None]:
    """The frames of each clip; None for a clip without a face."""
    dataset = clips_by_id(cache, [clip.clip for clip in clips], FRAMES)
    pictures = []
    for position, clip in enumerate(clips):
        item = dataset[position]
        crops = item["crops"].numpy()[item["frame_mask"].numpy()]
        if not len(crops):
            pictures.append(None)
            continue
        count = f"{len(crops)} frame{'' if len(crops) == 1 else 's'}"
        pictures.append(
            Picture(
                light=crops_address(crops, clip.clip, GAP_PX),
                alt=f"{', '.join(REGIONS)} in {count} of clip {clip.clip}",
                width_px=_page_px(len(crops)),
                height_px=_page_px(crops.shape[1]),
            )
        )
    return pictures


def _page_px(tiles: int) -> int:
    """Width in CSS pixels of so many crops side by side."""
    return round(TILE_PX * (tiles + (tiles - 1) * GAP_PX / CROP_PX))
