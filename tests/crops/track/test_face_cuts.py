"""Cuts at the places of single faces: two tiles of a video call that show other people."""

from itertools import combinations

import cv2
import numpy as np
import pytest

from vidfer.crops.decode.video import FrameChunk, read_chunks
from vidfer.crops.detect.side_by_side import alone
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.followed_face import MISSING
from vidfer.crops.track.key_frames import KeyFrameScan, scan_key_frames
from vidfer.crops.track.track_faces import track_faces

TILE = (200, 160)
PLACES = [(40, 60), (300, 60)]
N_FRAMES, CUT = 50, 25


def slide_of(before: list[np.ndarray], after: list[np.ndarray]) -> np.ndarray:
    """Frames of 1280x720: a slide that stays, and a tile at each place that shows others from the cut on.

    Args:
        before: what each tile shows before the cut, (50,160,200,3).
        after: what each tile shows then.
    """
    images = np.full((N_FRAMES, 720, 1280, 3), 235, np.uint8)
    for line in range(10):
        cv2.putText(images[0], "what the slide says", (600, 90 + 60 * line), 0, 1.0, (20, 20, 60), 2)
    images[1:] = images[0]
    for (x, y), one, other in zip(PLACES, before, after):
        images[:CUT, y : y + TILE[1], x : x + TILE[0]] = one[:CUT]
        images[CUT:, y : y + TILE[1], x : x + TILE[0]] = other[CUT:]
    return images


def chunks_of(images: np.ndarray, chunk_frames: int = 32) -> list[FrameChunk]:
    times_s = np.arange(len(images)) / 25
    return [
        FrameChunk(images[i : i + chunk_frames], times_s[i : i + chunk_frames])
        for i in range(0, len(images), chunk_frames)
    ]


def scan_ends(chunks: list[FrameChunk], detector) -> KeyFrameScan:
    """The key-frame scan of a short clip: only the ends of its shots and chunks are searched."""
    return alone(scan_key_frames(iter(chunks), CropSettings(key_every_s=10)), detector)


def tiles_of_tracks(detector, images: np.ndarray, chunk_frames: int = 32) -> list[tuple[set[int], set[int]]]:
    """For each track, the tiles in which it lies before the cut and from the cut on."""
    chunks = chunks_of(images, chunk_frames)
    found = []
    for track in alone(track_faces(lambda: iter(chunks), CropSettings(face="all")), detector):
        seen = np.flatnonzero(track.status != MISSING)
        tiles = np.array([int(box[0] + box[2] > 2 * 270) for box in track.boxes_xyxy[seen]])
        found.append((set(tiles[seen < CUT].tolist()), set(tiles[seen >= CUT].tolist())))
    return sorted(found, key=lambda tiles: [sorted(side) for side in tiles])


@pytest.fixture(scope="module")
def drawn_tiles(draw_actor) -> list[np.ndarray]:
    """Three drawn people, each as large as a tile."""
    return [
        np.stack(
            [cv2.resize(image, TILE, interpolation=cv2.INTER_AREA) for image in draw_actor(n, N_FRAMES)[0]]
        )
        for n in (2, 5, 3)
    ]


@pytest.mark.parametrize("chunk_frames", [32, 25, 26, 7])
def test_two_people_who_change_their_tiles_keep_their_tracks(detector, drawn_tiles, chunk_frames):
    one, other, _ = drawn_tiles
    images = slide_of([one, other], [other, one])
    assert tiles_of_tracks(detector, images, chunk_frames) == [({0}, {1}), ({1}, {0})]


def test_somebody_in_the_tile_of_another_has_a_track_of_their_own(detector, drawn_tiles):
    one, stays, other = drawn_tiles
    tracks = tiles_of_tracks(detector, slide_of([one, stays], [other, stays]))
    assert tracks == [(set(), {0}), ({0}, set()), ({1}, {1})]


def test_a_tile_that_is_empty_for_a_while_may_show_another_then(detector, drawn_tiles):
    one, stays, other = drawn_tiles
    one = one.copy()
    one[CUT - 6 :] = 128
    tracks = tiles_of_tracks(detector, slide_of([one, stays], [other, stays]))
    assert tracks == [(set(), {0}), ({0}, set()), ({1}, {1})]


def test_the_frames_around_a_cut_are_key_frames_of_two_shots(detector, drawn_tiles):
    one, other, _ = drawn_tiles
    scan = scan_ends(chunks_of(slide_of([one, other], [other, one])), detector)
    assert scan.shots.tolist() == [0] * CUT + [1] * (N_FRAMES - CUT)
    assert {CUT - 1, CUT} <= set(scan.key_frames)
    assert len(scan.key_frames[CUT].cut_places) == 2
    assert scan.key_frames[CUT - 1].cut_places is None


@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_a_light_that_changes_in_one_tile_is_no_cut(detector, drawn_tiles, gain):
    one, stays, _ = drawn_tiles
    lit = (one * gain).astype(np.uint8)
    scan = scan_ends(chunks_of(slide_of([one, stays], [lit, stays])), detector)
    assert not scan.shots.any()


def filmed_tile(detector, path) -> np.ndarray:
    """The first frames of a video, cut to a tile in which the face has half of the height."""
    images = np.concatenate([chunk.images for chunk in read_chunks(path, max_frames=N_FRAMES)])
    x1, y1, x2, y2 = detector.detect(images[:1])[0].boxes[0]
    scale = 0.5 * TILE[1] / (y2 - y1)
    shift = np.array(TILE) / 2 - scale * np.array([x1 + x2, y1 + y2]) / 2
    matrix = np.float32([[scale, 0, shift[0]], [0, scale, shift[1]]])
    return np.stack(
        [
            cv2.warpAffine(image, matrix, TILE, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
            for image in images
        ]
    )


def test_filmed_people_who_change_their_tiles_are_not_mixed(detector, shared):
    """The videos of both people run on at the cut."""
    clips = shared / "data" / "clips"
    names = [
        "labelled/happy/cremad1001_1001_DFA_HAP_XX.flv",
        "labelled/happy/pyfeat1_single_face.mp4",
        "unlabelled/grid_s2_bbaf1n.mpg",
        "unlabelled/grid_s1_bbaf2n.mpg",
    ]
    tiles = [filmed_tile(detector, clips / name) for name in names]
    for one, other in combinations(tiles, 2):
        tracks = tiles_of_tracks(detector, slide_of([one, other], [other, one]))
        assert tracks == [({0}, {1}), ({1}, {0})]
