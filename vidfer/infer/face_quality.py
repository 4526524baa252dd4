"""How well a face can be seen in a frame, and what may mislead a network that looks at it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from vidfer.crops.regions import region_squares
from vidfer.crops.settings import CropSettings

SIDE_PX = 64
"""Side that the face crop is resized to before it is measured, so that crops of every size count alike."""
MARGIN = 1 / 6
"""This share of the crop is left out on each side: hair, and what stands behind the face."""
BLUR_PX = 9
"""Width of the blur that sharpness compares with, in pixels of the resized crop."""
NOSE = 0.57
"""How far the tip of the nose stands out from the plane of eyes and mouth, in distances between the eyes, in
the canonical face model of MediaPipe (Apache-2.0)."""

# The network in the box has lost 5 points of accuracy there (docs/results/face_quality.md).
SMALL_PX = 27.0
BLURRED = 0.50
DARK = 38.0
OVEREXPOSED = 230.0
TURNED_DEG = 30.0
"""A convention: of one set of images the network loses much from 20 degrees on, of the other from 40."""


@dataclass(frozen=True)
class FaceQuality:
    """What can be measured of a face in a frame."""

    face_px: float
    """Side of the face square in pixels of the frame; the square has 2.9 distances between the eyes."""
    sharpness: float
    """0 (nothing but blur) to 1; a sharp face has about 0.65, whatever its brightness. See
    :func:`sharpness`."""
    turn_deg: float
    """How far the head is turned to the side, in degrees: positive if the nose points to the right of the
    picture. NaN where the landmarks were assumed. See :func:`turn_deg`."""
    brightness: float
    """Median luma of the middle of the face, 0 to 255."""


def measure_face(
    landmarks: np.ndarray, face: np.ndarray, settings: CropSettings, status: str = "detected"
) -> FaceQuality:
    """Measure a face in a frame, in a fraction of a millisecond.

    Args:
        landmarks: (5,2) x y in pixels of the frame: two eyes, nose tip, two mouth corners.
        face: uint8 (S,S,3) RGB, the crop of the face of any size.
        settings: with which it was cut.
        status: one of :data:`vidfer.crops.STATUS`, but not `missing`.
    """
    small = cv2.resize(face, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    cut = round(SIDE_PX * MARGIN)
    luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)[cut:-cut, cut:-cut]
    return FaceQuality(
        face_px=float(region_squares(landmarks, settings).sides[0]),
        sharpness=sharpness(luma),
        turn_deg=math.nan if status == "assumed" else turn_deg(landmarks, settings),
        brightness=float(np.median(luma)),
    )


def quality_warnings(quality: FaceQuality, status: str = "detected") -> tuple[str, ...]:
    """In plain words, what may mislead a network; nothing for a face that is seen well.

    The limits stand in docs/results/face_quality.md, with how they were measured. Whether a hand or a mask
    covers the mouth cannot be told from five landmarks, so nothing is said about it.

    Args:
        quality: of the face.
        status: one of :data:`vidfer.crops.STATUS`.
    """
    found = {
        "small face": quality.face_px < SMALL_PX,
        "blurred": quality.sharpness < BLURRED,
        "turned away": abs(quality.turn_deg) > TURNED_DEG,
        "dark": quality.brightness < DARK,
        "overexposed": quality.brightness > OVEREXPOSED,
        "interpolated": status == "interpolated",
    }
    return tuple(words for words, holds in found.items() if holds)


def sharpness(luma: np.ndarray) -> float:
    """One minus the perceptual blur of Crété-Roffet et al. 2007, equations 1 to 7.

    A blur takes much from the differences between neighbouring pixels of a sharp picture and little from
    those of a blurred one. With F the picture, B its blur along an axis, D the absolute differences of
    neighbours along that axis: 1 - sharpness = (Σ D_F - Σ max(0, D_F - D_B)) / Σ D_F, the larger one of both
    axes. More or less light or contrast changes nothing.

    Args:
        luma: uint8 (H,W). What the number means depends on the size of the face in it.
    """
    picture = luma.astype(np.float32)
    blur = 0.0
    for axis, kernel in ((1, (BLUR_PX, 1)), (0, (1, BLUR_PX))):
        own = np.abs(np.diff(picture, axis=axis))
        left = np.abs(np.diff(cv2.blur(picture, kernel), axis=axis))
        total = float(own.sum())
        if total == 0:  # a picture of one colour shows nothing
            return 0.0
        blur = max(blur, 1 - float(np.maximum(own - left, 0).sum()) / total)
    return 1 - blur


def turn_deg(landmarks: np.ndarray, settings: CropSettings) -> float:
    """How far a head is turned to the side, roughly, in degrees from -90 to 90.

    Seen from far away (scaled orthographic projection: DeMenthon and Davis 1995, section 2), a turn by θ
    makes the distance between the eyes d cos θ, and moves the tip of the nose, which stands out by
    :data:`NOSE` d, sideways by NOSE d sin θ from the line between the middles of eyes and mouth. So
    tan θ = sideways / (NOSE · distance of the eyes).

    Args:
        landmarks: (5,2) x y in pixels: two eyes, nose tip, two mouth corners.
        settings: with which the face was cut.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    angle = region_squares(points, settings).angle_rad
    along, below = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    eyes, nose, mouth = points[:2].mean(axis=0), points[2], points[3:].mean(axis=0)
    height = (mouth - eyes) @ below
    share = (nose - eyes) @ below / height if height > 0 else 0.0
    sideways = (nose - eyes - share * (mouth - eyes)) @ along
    between = max(float((points[1] - points[0]) @ along), 0.0)
    return math.degrees(math.atan2(sideways, NOSE * between)) if between or sideways else 0.0
