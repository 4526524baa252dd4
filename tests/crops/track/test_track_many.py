"""Many clips that are followed side by side have the tracks that each has alone."""

import cv2
import numpy as np
import pytest

from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.detect.side_by_side import alone, side_by_side
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.followed_face import DETECTED, MISSING, TRACKED
from vidfer.crops.track.track_faces import track_faces


@pytest.fixture(scope="module")
def clips(draw_actor) -> list[np.ndarray]:
    """One person, two people, a cut, somebody who goes and comes back, nobody, one frame, small and grey
    frames: every kind of search."""
    one, other, third = (draw_actor(person, 20)[0] for person in (2, 5, 3))
    gone = third.copy()
    gone[6:13] = gone[6:13].mean(axis=(1, 2), keepdims=True).astype(np.uint8)
    small = np.stack([cv2.resize(image, (96, 72), interpolation=cv2.INTER_AREA) for image in other[:9]])
    return [
        one,
        np.concatenate([one, other], axis=2)[:12],
        np.concatenate([one[:8], other[:7], one[8:12]]),
        gone,
        np.full((5, 60, 80, 3), 100, np.uint8),
        third[:1],
        small,
        np.stack([np.roll(one[0], 6 * i - 60, axis=1) for i in range(20)]),
    ]


@pytest.mark.parametrize("rule", ["main", "all"])
def test_the_same_tracks_as_alone(detector, clips, rule):
    def follow(images: np.ndarray):
        times_s = np.arange(len(images)) / 25
        chunks = [
            FrameChunk(images[i : i + 7], times_s[i : i + 7]) for i in range(0, len(images), 7)
        ]  # the searches of the clips are in different chunks and passes at one time
        return track_faces(lambda: iter(chunks), CropSettings(face=rule))

    expected = [alone(follow(images), detector) for images in clips]
    found = side_by_side([follow(images) for images in clips], detector)
    assert [len(tracks) for tracks in found] == [len(tracks) for tracks in expected]
    tracks, those_alone = ([track for tracks in clips for track in tracks] for clips in (found, expected))
    for track, same in zip(tracks, those_alone, strict=True):
        for name, values in vars(same).items():
            np.testing.assert_array_equal(getattr(track, name), values)
    status = np.concatenate([track.status for track in tracks])
    assert {MISSING, DETECTED, TRACKED} <= set(status.tolist())
