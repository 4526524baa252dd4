import numpy as np
import pytest

from vidfer.crops.decode.video import FrameChunk
from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.detect.side_by_side import alone
from vidfer.crops.settings import CropSettings
from vidfer.crops.track.follow import follow_people
from vidfer.crops.track.key_frames import KeyFrameScan, scan_key_frames
from vidfer.crops.track.link import Person, link_people

ENDS = CropSettings(key_every_s=100)
"""Only the ends of chunks are key frames."""
LEAST_SCORE = ENDS.thresholds[2]


class CountingDetector(FaceDetector):
    """Counts the frames that are searched as a whole."""

    n_searched = 0

    def detect(self, images):
        self.n_searched += len(images)
        return super().detect(images)


@pytest.fixture(scope="module")
def counting() -> CountingDetector:
    return CountingDetector("cpu", CropSettings())


def scan_ends(images: np.ndarray, detector: FaceDetector) -> tuple[FrameChunk, KeyFrameScan, list[Person]]:
    """Only the first and the last frame are key frames."""
    chunk = FrameChunk(images, np.arange(len(images)) / 25)
    scan = alone(scan_key_frames(iter([chunk]), ENDS), detector)
    assert sorted(scan.key_frames) == [0, len(images) - 1]
    return chunk, scan, link_people(scan.key_frames)


def hide(images: np.ndarray, truth, hidden: np.ndarray) -> np.ndarray:
    """The face blurred away in some frames, which changes a frame by less than a cut does."""
    for i in np.flatnonzero(hidden):
        x1, y1, x2, y2 = truth.box_xyxy[i].round().astype(int)
        place = images[i, y1 - 10 : y2 + 10, x1 - 10 : x2 + 10]
        place[:] = place.mean(axis=(0, 1))
    return images


def test_a_face_that_stays_needs_no_search(counting, draw_actor):
    chunk, scan, people = scan_ends(draw_actor(2, 32)[0], counting)
    counting.n_searched = 0
    searched = alone(follow_people(chunk, 0, people, people, scan.key_frames, LEAST_SCORE), counting)
    assert counting.n_searched == 0 and searched == [set()]
    assert sorted(people[0].boxes) == list(range(32))


@pytest.mark.parametrize("last", [0, 1, 12, 20, 30])
@pytest.mark.parametrize("comes", [False, True])
def test_the_moment_when_somebody_goes_or_comes_is_found_by_halving(counting, draw_actor, last, comes):
    images, truth = draw_actor(2, 32)
    images = hide(images, truth, np.arange(32) > last)
    chunk, scan, people = scan_ends(images[::-1] if comes else images, counting)
    counting.n_searched = 0
    alone(follow_people(chunk, 0, people, people, scan.key_frames, LEAST_SCORE), counting)
    there = list(range(31 - last, 32)) if comes else list(range(last + 1))
    assert sorted(people[0].boxes) == there
    assert counting.n_searched <= 5


def test_a_face_that_is_hidden_for_a_while_is_there_before_and_after(counting, draw_actor):
    images, truth = draw_actor(2, 32)
    hidden = (np.arange(32) >= 10) & (np.arange(32) < 20)
    chunk, scan, people = scan_ends(hide(images, truth, hidden), counting)
    counting.n_searched = 0
    alone(follow_people(chunk, 0, people, people, scan.key_frames, LEAST_SCORE), counting)
    assert sorted(people[0].boxes) == np.flatnonzero(~hidden).tolist()
    assert counting.n_searched <= 10


def test_nobody_is_followed_onto_the_face_of_another(counting, draw_actor):
    """Somebody was seen near the person in the first frame only; then there is one face for both."""
    chunk, scan, (person,) = scan_ends(draw_actor(2, 17)[0], counting)
    box = person.boxes[0]
    gone = Person()
    for values in ("boxes", "landmarks", "scores", "margins"):
        getattr(gone, values)[0] = getattr(person, values)[0]
    gone.boxes[0] = box + 0.55 * (box[2] - box[0]) * np.float32([1, 0, 1, 0])
    alone(follow_people(chunk, 0, [person, gone], [person, gone], scan.key_frames, LEAST_SCORE), counting)
    assert sorted(person.boxes) == list(range(17)) and sorted(gone.boxes) == [0]
    alone(follow_people(chunk, 0, [gone], [gone], scan.key_frames, LEAST_SCORE), counting)
    assert len(gone.boxes) > 1  # alone it would have been taken


def test_frames_are_counted_from_the_start_of_the_clip(counting, draw_actor):
    """The gap from the last frame of one chunk to the next key frame lies in the next chunk."""
    images = draw_actor(2, 24)[0]
    chunks = [FrameChunk(images[:10], np.arange(10) / 25), FrameChunk(images[10:], np.arange(10, 24) / 25)]
    scan = alone(scan_key_frames(iter(chunks), ENDS), counting)
    people = link_people(scan.key_frames)
    alone(follow_people(chunks[1], 10, people, people, scan.key_frames, LEAST_SCORE), counting)
    assert sorted(people[0].boxes) == [0, *range(9, 24)]
