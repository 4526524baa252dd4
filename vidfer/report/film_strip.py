"""One clip as a film strip: rows of face, eyes and mouth under the weight the network gave each frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vidfer.crops import REGIONS
from vidfer.errors import VidferError
from vidfer.report.picture import data_address

COLUMN_PX = 72
"""Width of a frame in CSS pixels."""
CROP_PX = 108
"""Side of a crop in the embedded picture: one and a half times its size on the page, for sharp screens."""
CURVE_PX = 92
"""Height of the curve above the strip in CSS pixels."""
JPEG_QUALITY = 85
GAP_GREY = 250
"""Between the crops of one picture: nearly white, as no edge of a crop is, on light pages and dark ones."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A column of the strip; positions are CSS pixels within the curve."""

    x: float
    y: float
    weight: float
    time_s: float


@dataclass(frozen=True, kw_only=True)
class RegionRow:
    """A row of the strip."""

    region: str
    address: str
    """``data:`` address of a JPEG with one column per frame."""
    alt: str


@dataclass(frozen=True, kw_only=True)
class FilmStrip:
    """What the template needs to show one clip."""

    clip_id: str
    label: str
    prediction: str
    confidence: float
    frames: tuple[Frame, ...]
    uniform_y: float
    """Where every frame would lie if all counted alike."""
    pictures: tuple[RegionRow, ...]
    """One per region, in the usual order."""
    summary: str
    """The curve in words."""

    @property
    def right(self) -> bool:
        return self.label == self.prediction

    @property
    def width_px(self) -> int:
        return COLUMN_PX * len(self.frames)

    @property
    def points(self) -> str:
        """The curve as the points of an SVG polyline."""
        return " ".join(f"{frame.x:.1f},{frame.y:.1f}" for frame in self.frames)


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
    """Lay out one clip.

    Args:
        crops: (T, R, 3, S, S) uint8 RGB of the frames that the network saw.
        weights: (T,) frame attention, zero or more.
        times_s: (T,) seconds from the start of the clip.
        clip_id: the clip's name.
        label: its true label.
        prediction: what the network said.
        confidence: the probability of the prediction, in [0, 1].

    Raises:
        VidferError: the weights and the frames do not belong together.
    """
    n_frames = len(crops)
    if not len(weights) == len(times_s) == n_frames > 0:
        raise VidferError(
            f"clip '{clip_id}' has {n_frames} frames of crops, {len(weights)} attention weights and "
            f"{len(times_s)} times; they must be one each: evaluate the run anew with this cache"
        )
    # Room for the figure above the highest point, and for the base line below the lowest. Equal weights lie
    # at half the height, so that the curve of a network without preference does not look like a peak.
    top, bottom = 22.0, CURVE_PX - 8.0
    even = 1.0 / n_frames
    highest = max(float(weights.max()), 2 * even)

    def height(weight: float) -> float:
        return bottom - (bottom - top) * weight / highest

    frames = tuple(
        Frame(
            x=COLUMN_PX * (i + 0.5),
            y=height(float(weights[i])),
            weight=float(weights[i]),
            time_s=float(times_s[i]),
        )
        for i in range(n_frames)
    )
    peak = int(np.argmax(weights))
    first, last = float(times_s[0]), float(times_s[-1])
    return FilmStrip(
        clip_id=clip_id,
        label=label,
        prediction=prediction,
        confidence=confidence,
        frames=frames,
        uniform_y=height(even),
        pictures=tuple(
            RegionRow(
                region=region,
                address=crops_picture(crops[:, number : number + 1], clip_id),
                alt=f"{region} in {n_frames} frames of clip {clip_id}, from {first:.2f} s to {last:.2f} s",
            )
            for number, region in enumerate(REGIONS)
        ),
        summary=(
            f"Weights of {n_frames} frames; the frame at {float(times_s[peak]):.2f} s counts most, "
            f"with weight {float(weights[peak]):.2f}."
        ),
    )


def crops_picture(crops: np.ndarray, clip_id: str, gap_px: int = 0) -> str:
    """``data:`` address of a JPEG of (T, R, 3, S, S) crops: a column for each frame, a row for each region.

    Args:
        crops: uint8 RGB.
        clip_id: for messages.
        gap_px: between columns and between rows, in pixels of the picture.
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
        raise VidferError(
            f"the {len(crops)} frames of clip '{clip_id}' are too wide for a JPEG; "
            "evaluate the run with fewer --frames"
        )
    return data_address(coded.tobytes(), "image/jpeg")
