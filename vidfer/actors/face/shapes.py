"""Draws anti-aliased shapes with sub-pixel precision, and blends pictures."""

from __future__ import annotations

import cv2
import numpy as np

FRACTION_BITS = 4


def fixed_point(points_px: np.ndarray) -> np.ndarray:
    """Converts points (n, 2) in pixels to the fixed-point integers that cv2 takes."""
    return np.round(points_px * (1 << FRACTION_BITS)).astype(np.int32)


def fill(image: np.ndarray, points_px: np.ndarray, colour) -> None:
    """Fills a polygon (n, 2), in place."""
    cv2.fillPoly(image, [fixed_point(points_px)], colour, cv2.LINE_AA, FRACTION_BITS)


def stroke(
    image: np.ndarray, points_px: np.ndarray, colour, thickness_px: float, closed: bool = False
) -> None:
    """Draws a line through points (n, 2), in place. It is at least one pixel thick."""
    thickness = max(1, round(thickness_px))
    cv2.polylines(image, [fixed_point(points_px)], closed, colour, thickness, cv2.LINE_AA, FRACTION_BITS)


def disc(image: np.ndarray, centre_px, radius_px: float, colour) -> None:
    """Fills a circle, in place."""
    scale = 1 << FRACTION_BITS
    centre = (round(float(centre_px[0]) * scale), round(float(centre_px[1]) * scale))
    cv2.circle(image, centre, max(1, round(radius_px * scale)), colour, -1, cv2.LINE_AA, FRACTION_BITS)


def blend(image: np.ndarray, layer: np.ndarray, opacity: np.ndarray) -> None:
    """Lays a picture over another one, in place.

    Args:
        image: uint8 (H, W, 3), changed in place.
        layer: (H, W, 3), or one colour (3,).
        opacity: uint8 (H, W); where it is 255, the image is hidden.
    """
    weight = opacity[..., None].astype(np.float32) * np.float32(1 / 255)
    base = image.astype(np.float32)
    base += (np.asarray(layer, np.float32) - base) * weight
    np.add(base, 0.5, out=base)
    image[...] = np.minimum(base, 255)


def spline(control: np.ndarray, per_segment: int = 8, closed: bool = True) -> np.ndarray:
    """A smooth (Catmull-Rom) curve through control points (n, 2), as float64 points (m, 2)."""
    control = np.asarray(control, float)
    n_points = len(control)
    if closed:
        before, after, last = (
            control[np.arange(-1, n_points - 1)],
            np.roll(control, -1, 0),
            np.roll(control, -2, 0),
        )
        first = control
    else:
        padded = np.concatenate([control[:1], control, control[-1:]])
        before, first, after, last = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = (np.arange(per_segment) / per_segment)[None, :, None]
    before, first, after, last = (part[:, None] for part in (before, first, after, last))
    curve = 0.5 * (
        2 * first
        + (after - before) * t
        + (2 * before - 5 * first + 4 * after - last) * t**2
        + (3 * first - before - 3 * after + last) * t**3
    )
    curve = curve.reshape(-1, 2)
    return curve if closed else np.concatenate([curve, control[-1:]])


def as_colour(rgb, factor: float = 1.0) -> tuple[int, int, int]:
    """A colour in 0..255, made brighter or darker by a factor, as cv2 takes it."""
    return tuple(int(min(255, max(0, round(v * factor)))) for v in rgb)
