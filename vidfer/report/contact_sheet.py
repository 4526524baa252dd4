"""A picture of a clip: whole frames with box and landmarks, under each its three crops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from vidfer.crops import REGIONS, STATUS
from vidfer.crops.track.followed_face import FaceTrack
from vidfer.errors import DataError, SettingError
from vidfer.report.sheet_page import COLOURS, INK, PAPER, QUIET, SheetPage
from vidfer.report.whole_frames import SAME_TIME_S, WholeFrames, find_video, read_whole_frames
from vidfer.store.reader import CropCache
from vidfer.store.select import position_of

N_FRAMES = 8
"""The most frames that a sheet shows."""

Plane = tuple[float, float, float, float]
"""The part of the frame that is shown: x1, y1, x2, y2 in pixels. It may reach beyond the frame."""


def contact_sheet(cache: CropCache, clip_id: str, out: Path | str, root: Path | None = None) -> list[str]:
    """Draw up to eight frames of a clip, evenly spread: whole frame, time, status and crops.

    Below them is a strip of the whole clip.

    Args:
        cache: where the clip is.
        clip_id: its id.
        out: the PNG to write.
        root: the folder of the videos. Without it, box and landmarks are drawn on an empty ground.

    Returns:
        Notes for the reader of the sheet, which are written on it too.

    Raises:
        SettingError: ``out`` does not end in ``.png``.
        DataError: the cache has no such clip, the clip has no frames, or its video is not below ``root``.
    """
    out = Path(out)
    if out.suffix.lower() != ".png":
        raise SettingError(f"{out} does not end in .png; name a .png file to write")
    index = position_of(cache, clip_id)
    clip, track = cache.clips[index], cache.frames(index)
    if not len(track):
        raise DataError(f"clip '{clip_id}' in {cache.path} has no frames: {clip.reason}")
    shown = np.unique(np.linspace(0, len(track) - 1, N_FRAMES).round().astype(int))
    whole, notes = _whole_frames(cache, index, root, shown)
    plane = _plane(whole, track)
    page = SheetPage(len(shown), (plane[3] - plane[1]) / (plane[2] - plane[0]), notes)
    page.head(clip)
    others = _other_faces(cache, index)
    crops = cache.read(index, shown).transpose(0, 1, 3, 4, 2)
    for place, frame in enumerate(shown.tolist()):
        status = STATUS[track.status[frame]]
        page.caption(place, frame, track.times_s[frame], status, track.scores[frame])
        _draw_frame(page.frame_axes(place, status), plane, whole, track, frame, others)
        for region in range(len(REGIONS)):
            axes = page.crop_axes(place, region)
            if status == "missing":
                _say(axes, "no face")
            else:
                axes.imshow(crops[place, region])
    page.strip(track, shown, bool(others))
    out.parent.mkdir(parents=True, exist_ok=True)
    page.save(out)
    return notes


def _whole_frames(
    cache: CropCache, index: int, root: Path | None, shown: np.ndarray
) -> tuple[WholeFrames, list[str]]:
    """The whole frames, and notes about them."""
    clip = cache.clips[index]
    notes = [f"not read to its end: {clip.reason}"] if clip.reason else []
    if root is None:
        hint = "whole frames are not in the cache; give --root, the folder of the videos, to show them"
        return WholeFrames(), [*notes, hint]
    whole = read_whole_frames(cache, index, find_video(root, clip), shown)
    return whole, [*notes, whole.note] if whole.note else notes


def _plane(whole: WholeFrames, track: FaceTrack) -> Plane:
    """The whole frame; if that is not known, what the boxes cover, twice as wide as high."""
    if whole.width:
        return 0, 0, whole.width, whole.height
    boxes = track.boxes_xyxy[track.status > 0]
    if not len(boxes):
        return 0, 0, 2, 1
    (x1, y1), (x2, y2) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    half = 0.65 * max((x2 - x1) / 2, y2 - y1, 1)
    middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
    return middle_x - 2 * half, middle_y - half, middle_x + 2 * half, middle_y + half


def _other_faces(cache: CropCache, index: int) -> list[FaceTrack]:
    """The other faces in the same video."""
    clip = cache.clips[index]
    same = (i for i, other in enumerate(cache.clips) if other.main_id == clip.main_id and i != index)
    return [cache.frames(i) for i in same]


def _draw_frame(
    axes: Axes, plane: Plane, whole: WholeFrames, track: FaceTrack, frame: int, others: list[FaceTrack]
) -> None:
    """Draw a whole frame with box and landmarks of its face, and thin boxes around other faces."""
    if frame in whole.images:
        axes.imshow(whole.images[frame], extent=(0, whole.width, whole.height, 0))
    panel = axes.get_position()
    panel_width, panel_height = (
        panel.width * axes.figure.get_figwidth(),
        panel.height * axes.figure.get_figheight(),
    )
    scale = min(panel_width / (plane[2] - plane[0]), panel_height / (plane[3] - plane[1]))  # inches a pixel
    middle_x, middle_y = (plane[0] + plane[2]) / 2, (plane[1] + plane[3]) / 2
    half_x, half_y = panel_width / scale / 2, panel_height / scale / 2
    axes.set(
        xlim=(middle_x - half_x, middle_x + half_x),
        ylim=(middle_y + half_y, middle_y - half_y),
        aspect="auto",
    )
    if whole.width and frame not in whole.images:
        _say(axes, "not in the video")
    for other in others:
        near = int(np.abs(other.times_s - track.times_s[frame]).argmin()) if len(other) else 0
        if (
            len(other)
            and abs(other.times_s[near] - track.times_s[frame]) < SAME_TIME_S
            and other.status[near]
        ):
            _box(axes, other.boxes_xyxy[near], PAPER, 0.7)
    if not track.status[frame]:
        if not whole.width:
            _say(axes, "no face")
        return
    box, colour = track.boxes_xyxy[frame], COLOURS[STATUS[track.status[frame]]]
    _box(axes, box, colour, 1.5)
    size = float(np.clip(0.05 * (box[3] - box[1]) * scale * 72, 1.2, 4.5))  # points
    x, y = track.landmarks[frame].T
    axes.plot(x, y, "o", markersize=size, color=PAPER, markeredgecolor=INK, markeredgewidth=size / 5)


def _box(axes: Axes, box: np.ndarray, colour: str, width: float) -> None:
    x1, y1, x2, y2 = box
    halo = [withStroke(linewidth=width + 1.2, foreground=INK if colour == PAPER else PAPER, alpha=0.6)]
    axes.add_patch(
        Rectangle(
            (x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=colour, linewidth=width, path_effects=halo
        )
    )


def _say(axes: Axes, words: str) -> None:
    axes.text(0.5, 0.5, words, size=9, color=QUIET, ha="center", va="center", transform=axes.transAxes)
