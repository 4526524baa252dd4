"""Works whose questions to the detector are answered together: what each finds alone, to the last bit."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.detect.faces import squares_around
from vidfer.crops.detect.question import Asking, Question
from vidfer.crops.detect.side_by_side import alone, side_by_side
from vidfer.crops.settings import CropSettings


class CountingDetector(FaceDetector):
    """Remembers how many questions it was asked at once."""

    def answer(self, questions):
        self.asked.append(len(questions))
        return super().answer(questions)


@pytest.fixture
def counting() -> CountingDetector:
    detector = CountingDetector("cpu", CropSettings())
    detector.asked = []
    return detector


def look_again(images: Sequence[np.ndarray], n_looks: int) -> Asking[list[np.ndarray]]:
    """Search whole frames, then look again and again where the faces were; all numbers that come back."""
    all_faces = yield Question(images)
    numbers = [values for faces in all_faces for values in vars(faces).values()]
    frames = np.repeat(np.arange(len(images)), [len(faces) for faces in all_faces])
    boxes = np.concatenate([faces.boxes for faces in all_faces])
    margins = np.concatenate([faces.margins for faces in all_faces])
    for _ in range(n_looks if len(boxes) else 0):
        boxes, landmarks, scores = yield Question(images, frames, squares_around(boxes, margins))
        numbers += [boxes, landmarks, scores]
    return numbers


@pytest.fixture(scope="module")
def pictures(draw_actor) -> list[list[np.ndarray]]:
    """Frames of seven clips of several sizes; one shows two people, the last one nobody."""
    clips = [list(draw_actor(person, 1 + person % 3)[0]) for person in range(6)]
    clips[3] = [np.concatenate([image, clips[0][0]], axis=1) for image in clips[3]]
    for person in (1, 2, 4):
        size = (80 + 20 * person, 60 + 15 * person)
        clips[person] = [cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in clips[person]]
    return [*clips, [np.full((50, 70, 3), 90, np.uint8)]]


def test_each_finds_what_it_finds_alone(counting, pictures):
    n_looks = [2, 0, 3, 1, 2, 3, 3]
    expected = [alone(look_again(*work), counting) for work in zip(pictures, n_looks)]
    assert sum(len(numbers) > 4 for numbers in expected) >= 5
    counting.asked.clear()
    found = side_by_side([look_again(*work) for work in zip(pictures, n_looks)], counting)
    for numbers, others in zip(found, expected, strict=True):
        for values, same in zip(numbers, others, strict=True):
            np.testing.assert_array_equal(values, same)
    assert counting.asked[0] == len(pictures) and len(counting.asked) <= 1 + max(n_looks) + 1


def test_one_that_fails_costs_no_other(counting, pictures):
    def fails() -> Asking[None]:
        yield Question(pictures[0])
        raise ValueError("of its own")

    def asks_in_vain() -> Asking[None]:
        yield Question([None])  # with it, no question can be answered

    works = [look_again(pictures[0], 1), asks_in_vain(), fails(), look_again(pictures[5], 1)]
    first, in_vain, failed, last = side_by_side(works, counting)
    assert isinstance(in_vain, AttributeError)
    assert str(failed) == "of its own"
    for found, images in ((first, pictures[0]), (last, pictures[5])):
        for values, same in zip(found, alone(look_again(images, 1), counting), strict=True):
            np.testing.assert_array_equal(values, same)
    with pytest.raises(ValueError, match="of its own"):
        alone(fails(), counting)
    assert side_by_side([], counting) == []


def test_what_a_work_does_not_catch_is_no_reason_to_go_on(counting, pictures):
    def stopped() -> Asking[None]:
        yield Question(pictures[0])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        side_by_side([stopped(), look_again(pictures[0], 1)], counting)
