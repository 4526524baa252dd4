import cv2
import numpy as np
import pytest

from vidfer.crops.regions import crop_regions, region_squares
from vidfer.crops.settings import CropSettings

SETTINGS = CropSettings()
FRONTAL = np.array([[80.0, 100], [120, 100], [100, 124], [86, 142], [114, 142]])
"""Five landmarks of a level face: d = 40, h = 42, scale 40."""

# The 189 points of the London set, read off a picture with their numbers drawn in (counted from 0).
EYE_CORNERS = [18, 22, 23, 27]
BROWS = list(range(71, 87))
LIPS = list(range(87, 109))
CHIN = [129]


def turn(points: np.ndarray, degrees: float) -> np.ndarray:
    a = np.deg2rad(degrees)
    return (points - 100) @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]) + 100


def in_square(points: np.ndarray, landmarks: np.ndarray, region: int) -> np.ndarray:
    """Points (k,2) of the image in coordinates of the square: -1..1 is inside."""
    squares = region_squares(landmarks, SETTINGS)
    cos, sin = np.cos(squares.angle_rad), np.sin(squares.angle_rad)
    turned = (points - squares.centres[region]) @ np.array([[cos, sin], [-sin, cos]]).T
    return turned / squares.sides[region] * 2


def test_the_rule_in_numbers():
    squares = region_squares(FRONTAL, SETTINGS)
    assert squares.angle_rad == 0
    assert np.allclose(squares.sides, [2.9 * 40, 2.1 * 40, 1.6 * 40])
    assert np.allclose(squares.centres, [[100, 121], [100, 100 + 0.65 * 40 - 42], [100, 142]])


@pytest.mark.parametrize("degrees", [-170, -35, 20, 90])
def test_squares_turn_with_the_face(degrees):
    level, turned = region_squares(FRONTAL, SETTINGS), region_squares(turn(FRONTAL, degrees), SETTINGS)
    assert np.isclose(np.rad2deg(turned.angle_rad), degrees)
    assert np.allclose(turned.centres, turn(level.centres, degrees))
    assert np.allclose(turned.sides, level.sides)


def test_the_size_survives_turning_aside_and_nodding():
    middle = np.array([100.0, 121])
    aside, nod = FRONTAL.copy(), FRONTAL.copy()
    aside[:, 0] = middle[0] + (FRONTAL[:, 0] - middle[0]) * 0.6
    nod[:, 1] = middle[1] + (FRONTAL[:, 1] - middle[1]) * 0.7
    for landmarks in (aside, nod):
        sides = region_squares(landmarks, SETTINGS).sides
        assert np.allclose(sides, region_squares(FRONTAL, SETTINGS).sides, rtol=0.06)


def test_in_profile_the_eye_line_gives_way_to_the_upright():
    profile = np.array([[100.0, 103], [103, 97], [120, 124], [100, 142], [103, 142]])
    assert abs(np.rad2deg(region_squares(profile, SETTINGS).angle_rad)) < 1


@pytest.mark.parametrize("landmarks", [np.full((5, 2), 7.0), FRONTAL * 1e-4, FRONTAL - 5000, FRONTAL * 50])
def test_odd_landmarks_still_give_crops(landmarks):
    crops = crop_regions(np.full((60, 80, 3), 9, np.uint8), landmarks, SETTINGS)
    assert crops.shape == (3, 224, 224, 3) and crops.dtype == np.uint8
    assert (crops == 9).all()


def test_crops_show_what_the_squares_enclose():
    """A picture whose colours are the coordinates comes out as the coordinates of each square."""
    y, x = np.mgrid[0:240, 0:240]
    image = np.stack([x, y, np.zeros_like(x)], axis=2).astype(np.uint8)
    landmarks = turn(FRONTAL, 25) + np.array([20, 10])
    squares = region_squares(landmarks, SETTINGS)
    cos, sin = np.cos(squares.angle_rad), np.sin(squares.angle_rad)
    for size_px in (224, 40, 16):
        grid = (np.stack(np.meshgrid(np.arange(size_px), np.arange(size_px)), axis=2) + 0.5) / size_px - 0.5
        for crop, centre, side in zip(
            crop_regions(image, landmarks, CropSettings(size_px=size_px)), squares.centres, squares.sides
        ):
            where = grid * side @ np.array([[cos, sin], [-sin, cos]]) + centre
            inside = ((where > 3) & (where < 236)).all(axis=2)
            assert inside.mean() > 0.5
            assert np.abs(crop[..., :2].astype(float) - where)[inside].max() < 1.5


def test_shrinking_averages_so_that_nothing_flickers():
    checks = (np.indices((900, 900)).sum(axis=0) % 2 * 255).astype(np.uint8)
    crops = crop_regions(np.repeat(checks[..., None], 3, axis=2), FRONTAL * 4, CropSettings(size_px=40))
    assert crops.std() < 12 and abs(crops.mean() - 127.5) < 2


def test_regions_hold_what_they_should_on_actors(detector, draw_actor):
    for person in range(8):
        images, truth = draw_actor(person, 1, "surprise")
        (faces,) = detector.detect(images)
        eyes = in_square(truth.landmarks[0, :2], faces.landmarks[0], 1)
        lips = in_square(truth.landmarks[0, 3:], faces.landmarks[0], 2)
        assert np.abs(eyes).max() < 0.75 and np.abs(lips).max() < 0.75
        assert np.abs(in_square(truth.landmarks[0], faces.landmarks[0], 0)).max() < 0.75


def test_regions_hold_what_they_should_on_102_people(detector, shared):
    """Eye corners and brows in the eyes, lips in the mouth, all of it and the chin in the face."""
    held = []
    for path in sorted((shared / "data" / "images" / "london" / "neutral").glob("*.jpg")):
        # Half the size is enough and four times as fast.
        image = cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_2), cv2.COLOR_BGR2RGB)
        points = np.loadtxt(path.with_suffix(".txt")) / 2
        (faces,) = detector.detect(image[None])
        wanted = [(0, BROWS + EYE_CORNERS + LIPS + CHIN), (1, EYE_CORNERS + BROWS), (2, LIPS)]
        held.append(
            len(faces) == 1
            and all(
                np.abs(in_square(points[ids], faces.landmarks[0], region)).max() <= 1
                for region, ids in wanted
            )
        )
    assert len(held) == 102
    assert sum(held) >= 101
