"""The clips that are hardest, with pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vidfer.crops import REGIONS
from vidfer.data.dataset import ClipDataset
from vidfer.errors import VidferError
from vidfer.evaluate.hardest import HardClip, hardest_clips
from vidfer.report.choose_clips import N_HARDEST
from vidfer.report.film_strip import CROP_PX, crops_picture
from vidfer.report.page import ClipPicture, HardCard, Hardest
from vidfer.report.results import NamedResult
from vidfer.report.scores import episode_of
from vidfer.store.reader import CropCache

FRAMES = 6
"""Of each clip, evenly spaced among those with a face."""
TILE_PX = 48
"""Side of a crop in CSS pixels."""
GAP_PX = 6
"""Between crops, in pixels of the picture."""


def show_hardest(group: Sequence[NamedResult], cache: CropCache | None) -> Hardest:
    """The clips with the lowest mean accuracy over the results of a group, the surest mistakes first.

    Args:
        group: results on the same clips.
        cache: for the pictures; none, and none of another cache than was measured on, gives none.
    """
    all_clips = hardest_clips([named.result for named in group])
    worst = all_clips[:N_HARDEST]
    here = cache is not None and cache.content_hash == group[0].result.cache_hash
    few = group[0].result.kind == "few-shot"
    runs = f"{len(group)} results" if len(group) > 1 else group[0].name
    never = sum(clip.accuracy == 0 for clip in all_clips)
    kind = "Few-shot" if few else "Classification"
    pictures = _pictures(worst, cache.path) if here else [None] * len(worst)
    return Hardest(
        caption=(
            f"{kind}{episode_of(group[0])}: the {len(worst)} clips of {len(all_clips):,} that were "
            f"recognised least often, mean over {runs}; of equals those "
            f"{'asked most often' if few else 'with the surest answers'}. "
            f"{never:,} clips were never recognised."
        ),
        cards=[_card(clip, picture) for clip, picture in zip(worst, pictures)],
    )


def _card(clip: HardClip, picture: ClipPicture | None) -> HardCard:
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
    """How often, and how surely, it is taken for what it is taken for most."""
    if clip.taken_for is None or not clip.has_face:
        return ""
    how = [f"in {100 * clip.taken_share:.0f} %"] if clip.n_queries > 1 else []
    how += [f"{100 * clip.confidence:.0f} % sure"] if clip.confidence is not None else []
    return "".join(f", {part}" for part in how)


def _pictures(clips: Sequence[HardClip], cache: Path) -> list[ClipPicture | None]:
    """A film strip for each clip; None for one without a face."""
    dataset = ClipDataset(cache, (), n_frames=FRAMES)
    places = {clip.id: place for place, clip in enumerate(dataset.cache.clips)}
    if unknown := [clip.clip for clip in clips if clip.clip not in places]:
        raise VidferError(
            f"clip '{unknown[0]}' of the result file is not in {cache}; name the cache that was measured"
        )
    dataset = ClipDataset(cache, [places[clip.clip] for clip in clips], n_frames=FRAMES)
    pictures = []
    for position, clip in enumerate(clips):
        item = dataset[position]
        crops = item["crops"].numpy()[item["frame_mask"].numpy()]
        if not len(crops):
            pictures.append(None)
            continue
        seen = f"{len(crops)} frame{'' if len(crops) == 1 else 's'}"
        pictures.append(
            ClipPicture(
                address=crops_picture(crops, clip.clip, GAP_PX),
                alt=f"{', '.join(REGIONS)} in {seen} of clip {clip.clip}",
                width_px=_page_px(len(crops)),
                height_px=_page_px(crops.shape[1]),
            )
        )
    return pictures


def _page_px(tiles: int) -> int:
    """CSS pixels of so many crops side by side."""
    return round(TILE_PX * (tiles + (tiles - 1) * GAP_PX / CROP_PX))
