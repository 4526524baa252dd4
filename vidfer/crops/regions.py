"""Cuts face, eyes and mouth out of a frame, by one rule."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import cv2
import numpy as np

from vidfer.crops import REGIONS
from vidfer.crops.settings import CropSettings

EYE_TO_MOUTH = 1.1
"""Distance from the middle of the eyes to that of the mouth, in distances between the eyes, of a face seen
from the front."""


@dataclass(frozen=True)
class RegionSquares:
    """Three squares, turned by the same angle."""

    angle_rad: float
    """Angle of the squares to the image; positive if the face leans clockwise in the picture."""
    centres: np.ndarray
    """(3,2) float64: x y in pixels of the image, for face, eyes, mouth."""
    sides: np.ndarray
    """(3,) float64: in pixels of the image."""


def region_squares(landmarks: np.ndarray, settings: CropSettings) -> RegionSquares:
    """The squares of face, eyes and mouth from five landmarks (5,2): two eyes, nose tip, two mouth corners.

    E is the middle of the eyes, M the middle of the mouth corners, d the distance between the eyes, h the
    distance from E to M.

    * **scale** s = max(d, h / 1.1). From the front both are about equal. When the head turns to the side, d
    shrinks
      and h stays; when it nods, h shrinks and d stays. So s stays.
    * **turn**: the eyes become level. In profile (d below 0.4 h) the line through the eyes says little. It is
      mixed with the perpendicular of E-M there, which alone counts at d = 0.2 h.
    * **face**: side 2.9 s, centred half way from E to M: from the hair line to below the chin.
    * **eyes**: side 2.1 s, centred on E horizontally and reaching 0.65 s below it, to about the nose tip: the
      full width of the brows, and the part of the forehead that they wrinkle.
    * **mouth**: side 1.6 s, centred on M: from about the nose tip to the chin.

    "Horizontally" and "below" are meant in the turned square. The three sides are settings.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    eye_line, down = points[1] - points[0], mouth - eyes
    d, h = np.linalg.norm(eye_line), np.linalg.norm(down)
    scale = max(d, h / EYE_TO_MOUTH, 1e-3)
    trust = np.clip((d / max(h, 1e-6) - 0.2) / 0.2, 0, 1)
    along = trust * eye_line / max(d, 1e-6) + (1 - trust) * np.array([down[1], -down[0]]) / max(h, 1e-6)
    angle = float(np.arctan2(along[1], along[0]))
    below = np.array([-np.sin(angle), np.cos(angle)])
    sides = np.array([settings.face_side, settings.eyes_side, settings.mouth_side]) * scale
    eyes_centre = eyes + below * (0.65 * scale - sides[1] / 2)
    return RegionSquares(angle, np.stack([(eyes + mouth) / 2, eyes_centre, mouth]), sides)


def whole_face_landmarks(width: int, height: int, settings: CropSettings) -> np.ndarray:
    """The landmarks (5,2) float32 of a picture that was cut to the face before.

    They make the largest square in the middle of the picture the face square.
    """
    scale = min(width, height) / settings.face_side
    half_d, half_h = scale / 2, scale * EYE_TO_MOUTH / 2
    middle = np.array([width - 1, height - 1]) / 2
    offsets = [
        (-half_d, -half_h),
        (half_d, -half_h),
        (0, 0.1 * scale),
        (-0.4 * scale, half_h),
        (0.4 * scale, half_h),
    ]
    return (middle + np.array(offsets)).astype(np.float32)


def crop_regions(
    image: np.ndarray, landmarks: np.ndarray, settings: CropSettings, regions: Collection[str] = REGIONS
) -> np.ndarray:
    """Cut the three regions out of a frame.

    Args:
        image: uint8 (H,W,3) RGB.
        landmarks: (5,2) x y in pixels.
        settings: sides of the squares and size of the crops.
        regions: those that are needed; others may stay black.

    Returns:
        uint8 (3,size_px,size_px,3) RGB: face, eyes, mouth. Outside the frame its border is repeated; an edge
        there could look like part of a face to a network.
    """
    squares = region_squares(landmarks, settings)
    part, corner = _surroundings(image, squares)
    # OpenCV warps four channels in a third of the time that three take.
    part = cv2.cvtColor(part, cv2.COLOR_RGB2RGBA)
    crops = np.empty((len(REGIONS), settings.size_px, settings.size_px, 3), dtype=np.uint8)
    for region, crop, centre, side in zip(REGIONS, crops, squares.centres - corner, squares.sides):
        if region not in regions:
            crop[:] = 0
            continue
        warped = warp_square(part, centre, side, squares.angle_rad, settings.size_px)
        cv2.cvtColor(warped, cv2.COLOR_RGBA2RGB, dst=crop)
    return crops


def _surroundings(image: np.ndarray, squares: RegionSquares) -> tuple[np.ndarray, np.ndarray]:
    """The part of the image that the squares need, and the corner (2,) of that part."""
    reach = squares.sides[:, None] * np.sqrt(0.5) + 2
    size = np.array(image.shape[1::-1])
    first = np.clip(np.floor((squares.centres - reach).min(axis=0)), 0, size - 1).astype(int)
    last = np.clip(np.ceil((squares.centres + reach).max(axis=0)), first + 1, size).astype(int)
    return image[first[1] : last[1], first[0] : last[0]], first


def warp_square(
    image: np.ndarray, centre: np.ndarray, side: float, angle_rad: float, size_px: int
) -> np.ndarray:
    """Cut a turned square, resized to size_px. If it shrinks by more than 2, blocks of pixels are averaged
    first, so nothing flickers."""
    centre, pixel = centre + 0.5, side / size_px
    if pixel > 2:
        factor = int(pixel)
        image, corner = _shrunk_surroundings(image, centre, side, factor)
        centre, pixel = (centre - corner) / factor, pixel / factor
    cos, sin = np.cos(angle_rad) * pixel, np.sin(angle_rad) * pixel
    middle = size_px / 2
    # From output to input. The centres of pixels are at whole numbers in both, hence the halves.
    matrix = np.array([[cos, -sin, 0.0], [sin, cos, 0.0]])
    matrix[:, 2] = centre - 0.5 - matrix[:, :2] @ np.array([middle - 0.5, middle - 0.5])
    return cv2.warpAffine(
        image,
        matrix,
        (size_px, size_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _shrunk_surroundings(
    image: np.ndarray, centre: np.ndarray, side: float, factor: int
) -> tuple[np.ndarray, np.ndarray]:
    """The part of the image that a turned square needs, ``factor`` times smaller, and its corner (2,).

    Only whole blocks of pixels are averaged, which OpenCV does fast; less than a block at the end is lost.
    """
    limit = np.maximum(np.array(image.shape[1::-1]), factor)
    reach = side * np.sqrt(0.5) + 2 * factor
    first = np.clip(np.floor(centre - reach), 0, limit - factor).astype(int)
    last = np.clip(np.ceil(centre + reach), first + factor, limit).astype(int)
    size = (last - first) // factor
    part = image[first[1] : first[1] + size[1] * factor, first[0] : first[0] + size[0] * factor]
    return cv2.resize(part, size.tolist(), interpolation=cv2.INTER_AREA), first
