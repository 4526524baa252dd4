"""One clip as a film strip: rows of face, eyes and mouth, and above each frame its weight."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vidfer.crops import REGIONS
from vidfer.errors import DataError, SettingError
from vidfer.report.figure_style import Picture, data_address
from vidfer.report.strip_curve import COLUMN_PX, StripCurve

CROP_PX = 108
"""Side of a crop in the embedded picture: one and a half times its size on the page, for sharp screens."""
CURVE_PX, TOP_PX, BOTTOM_PX = 92, 22.0, 84.0
"""Height of the curve above the strip, and where its greatest value and zero lie, in CSS pixels."""
JPEG_QUALITY = 85
GAP_GREY = 250
"""Grey value between the crops: nearly white, which no edge of a crop is."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A column of the strip; positions are CSS pixels within the curve."""

    x: float
    y: float
    weight: float
    time_s: float


@dataclass(frozen=True, kw_only=True)
class FilmStrip:
    """One clip, ready for the page."""

    clip_id: str
    label: str
    prediction: str
    confidence: float
    frames: tuple[Frame, ...]
    points: str
    """The curve as the points of an SVG polyline."""
    uniform_y: float
    """Height at which every frame would lie if all had the same weight."""
    pictures: tuple[Picture, ...]
    """One per region, in the usual order; each has one column per frame."""
    summary: str
    """The curve in words."""

    @property
    def right(self) -> bool:
        return self.label == self.prediction

    @property
    def width_px(self) -> int:
        return COLUMN_PX * len(self.frames)


def build_strip(
    crops: np.ndarray,
    weights: np.ndarray,
    times_s: np.ndarray,
    *,
    clip_id: str,
    label: str,
    prediction: str,
    confidence: float,
) -> FilmStrip:
    """Lay out the film strip of one clip.

    Args:
        crops: (T, R, 3, S, S) uint8 RGB of the frames that the network saw.
        weights: (T,) frame attention, zero or more.
        times_s: (T,) seconds from the start of the clip.
        clip_id: the clip's name.
        label: its true label.
        prediction: the answer of the network.
        confidence: the probability of the prediction, in [0, 1].

    Raises:
        DataError: the numbers of weights, times and frames differ.
    """
    n_frames = len(crops)
    if not len(weights) == len(times_s) == n_frames > 0:
        raise DataError(
            f"clip '{clip_id}' has {n_frames} frames of crops, {len(weights)} attention weights and "
            f"{len(times_s)} times; each frame needs one of each; run `vidfer eval` again with this cache"
        )
    curve = StripCurve(values=weights, even=1 / n_frames, top_px=TOP_PX, bottom_px=BOTTOM_PX)
    frames = tuple(
        Frame(x=x, y=y, weight=float(weight), time_s=float(time_s))
        for (x, y), weight, time_s in zip(curve.points, weights, times_s)
    )
    peak = int(np.argmax(weights))
    first, last = float(times_s[0]), float(times_s[-1])
    return FilmStrip(
        clip_id=clip_id,
        label=label,
        prediction=prediction,
        confidence=confidence,
        frames=frames,
        points=curve.line,
        uniform_y=curve.even_y,
        pictures=tuple(
            Picture(
                light=crops_address(crops[:, number : number + 1], clip_id),
                alt=f"{region} in {n_frames} frames of clip {clip_id}, from {first:.2f} s to {last:.2f} s",
                width_px=COLUMN_PX * n_frames,
                height_px=COLUMN_PX,
            )
            for number, region in enumerate(REGIONS)
        ),
        summary=(
            f"Weights of {n_frames} frames; the frame at {float(times_s[peak]):.2f} s counts most, "
            f"with weight {float(weights[peak]):.2f}."
        ),
    )


def crops_address(crops: np.ndarray, clip_id: str, gap_px: int = 0) -> str:
    """``data:`` address of a JPEG with a column for each frame and a row for each region.

    Args:
        crops: (T, R, 3, S, S) uint8 RGB.
        clip_id: for messages.
        gap_px: between columns and between rows, in pixels of the picture.

    Raises:
        SettingError: too many frames for a JPEG.
    """
    step = CROP_PX + gap_px
    n_frames, n_regions = crops.shape[:2]
    sheet = np.full((n_regions * step - gap_px, n_frames * step - gap_px, 3), GAP_GREY, np.uint8)
    for frame, region in np.ndindex(n_frames, n_regions):
        crop = np.moveaxis(crops[frame, region], 0, -1)
        tile = cv2.resize(crop, (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA)
        y, x = region * step, frame * step
        sheet[y : y + CROP_PX, x : x + CROP_PX] = tile
    done, coded = cv2.imencode(
        ".jpg", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    if not done:
        raise SettingError(
            f"the {len(crops)} frames of clip '{clip_id}' are too wide for a JPEG; "
            "run `vidfer eval` with fewer --frames"
        )
    return data_address(coded.tobytes(), "image/jpeg")
