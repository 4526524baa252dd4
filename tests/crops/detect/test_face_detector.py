import pickle
import threading
from contextlib import nullcontext

import cv2
import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN

from vidfer.crops.decode.video import read_chunks
from vidfer.crops.detect.boxes import overlap
from vidfer.crops.detect.device_frames import DeviceFrames
from vidfer.crops.detect.face_detector import FaceDetector, Found
from vidfer.crops.detect.faces import squares_around
from vidfer.crops.detect.question import Question
from vidfer.crops.settings import CropSettings


def look(detector: FaceDetector, images: np.ndarray, frames: np.ndarray, squares: np.ndarray) -> Found:
    """Boxes, landmarks and scores of faces at these places."""
    (found,) = detector.follow([Question(images, frames, squares)])
    return found


def assert_same_faces_as_mtcnn(detector: FaceDetector, images: np.ndarray) -> int:
    """Every face of the reference, and no other, to a tenth of a pixel; the number of faces."""
    reference = MTCNN(keep_all=True, min_face_size=detector.min_face_px(*images.shape[1:3]))
    n = 0
    for image, faces in zip(images, detector.detect(images)):
        boxes, scores, landmarks = reference.detect(image, landmarks=True)
        landmarks = np.asarray(landmarks, np.float32) if boxes is not None else ()
        assert len(faces) == (0 if boxes is None else len(boxes))
        for box, score, points in zip(() if boxes is None else boxes.astype(np.float32), scores, landmarks):
            i = int(overlap(faces.boxes, box).argmax())
            assert np.allclose(faces.boxes[i], box, atol=0.1)
            assert np.allclose(faces.landmarks[i], points, atol=0.1)
            assert faces.scores[i] == pytest.approx(score, abs=1e-3)
            n += 1
    return n


def test_finds_the_faces_of_mtcnn_on_actors(detector, draw_actor):
    images = np.concatenate([draw_actor(person, 2)[0] for person in range(4)])
    assert assert_same_faces_as_mtcnn(detector, images) >= 7


def test_finds_the_faces_of_mtcnn_when_there_are_several(detector, draw_actor):
    people = [draw_actor(person, 1)[0][0] for person in (0, 2, 5, 9)]
    crowd = np.concatenate([np.concatenate(people[:2], 1), np.concatenate(people[2:], 1)])
    assert assert_same_faces_as_mtcnn(detector, crowd[None]) == 4
    areas = np.prod(
        detector.detect(crowd[None])[0].boxes @ np.array([[-1, 0], [0, -1], [1, 0], [0, 1]]), axis=1
    )
    assert (np.diff(areas) <= 0).all()


def test_finds_the_faces_of_mtcnn_on_real_clips(detector, shared):
    clips = [
        "unlabelled/grid_s2_bbaf1n.mpg",
        "unlabelled/asl_again.mkv",
        "labelled/happy/pyfeat1_single_face.mp4",
    ]
    n = 0
    for clip in clips:
        chunks = read_chunks(shared / "data" / "clips" / clip, max_frames=2)
        n += assert_same_faces_as_mtcnn(detector, np.concatenate([chunk.images for chunk in chunks]))
    assert n >= 6


def small_pictures(draw_actor) -> list[np.ndarray]:
    """Pictures of 44 to 320 pixels, large and small ones mixed, some with faces that end at the edge."""
    pictures = []
    for person in range(6):
        frame = draw_actor(person, 1)[0][0]
        pictures += [frame[20:212, 60:252], cv2.resize(frame[20:212, 60:252], (48, 48)), frame[:, :180]]
        pictures += [cv2.resize(frame[20:212, 60:252], (44 + person, 52)), np.zeros((48, 48, 3), np.uint8)]
    return [*pictures, frame]


def test_faces_do_not_depend_on_the_frames_beside_them(detector, draw_actor):
    pictures = small_pictures(draw_actor)
    alone = [detector.detect([picture])[0] for picture in pictures]
    assert sum(len(faces) == 1 for faces in alone) >= 18 and sum(len(faces) == 0 for faces in alone) >= 6
    for step in (2, 3, 7, len(pictures)):
        for order in (1, -1):
            mixed = pictures[::order]
            together = [f for i in range(0, len(mixed), step) for f in detector.detect(mixed[i : i + step])]
            for faces, expected in zip(together, alone[::order], strict=True):
                for name, values in vars(expected).items():  # to the last bit: they are in the content hash
                    np.testing.assert_array_equal(getattr(faces, name), values)


def test_frames_of_a_clip_do_not_depend_on_each_other(detector, draw_actor):
    images = np.concatenate([draw_actor(3, 3)[0], np.zeros((1, 240, 320, 3), np.uint8)])
    for image, faces in zip(images, detector.detect(images)):
        (alone,) = detector.detect(image[None])
        assert np.array_equal(alone.boxes, faces.boxes) and np.array_equal(alone.scores, faces.scores)
        assert np.array_equal(alone.landmarks, faces.landmarks)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_frame_without_a_face_has_none(detector, value):
    for shape in [(240, 320), (1, 1), (3, 200)]:
        (faces,) = detector.detect(np.full((1, *shape, 3), value, np.uint8))
        assert len(faces) == 0
        assert faces.boxes.shape == (0, 4) and faces.landmarks.shape == (0, 5, 2)


def test_no_frames_have_no_faces(detector):
    images = np.empty((0, 240, 320, 3), np.uint8)
    assert detector.detect(images) == []
    boxes, landmarks, scores = look(detector, images, np.zeros(0, int), np.empty((0, 4)))
    assert boxes.shape == (0, 4) and landmarks.shape == (0, 5, 2) and scores.shape == (0,)


def test_the_smallest_face_suits_the_frame(detector):
    assert detector.min_face_px(576, 720) == 40
    assert detector.min_face_px(26, 32) == 6.5
    assert detector.min_face_px(1440, 2560) == 80
    assert FaceDetector("cpu", CropSettings(min_face_px=20)).min_face_px(576, 720) == 20


def test_follow_sees_the_face_near_its_place_and_nothing_elsewhere(detector, draw_actor):
    images, truth = draw_actor(2, 4)
    found = np.stack([faces.boxes[0] for faces in detector.detect(images)])
    moved = found + np.array([3, -2, 3, -2])
    squares = squares_around(moved, np.stack([faces.margins[0] for faces in detector.detect(images)]))
    boxes, landmarks, scores = look(detector, images, np.arange(4), squares)
    eyes = np.linalg.norm(truth.landmarks[:, 1] - truth.landmarks[:, 0], axis=1).mean()
    assert (scores > 0.9).all()
    assert np.linalg.norm(landmarks - truth.landmarks, axis=2).mean() < 0.15 * eyes
    assert all(overlap(boxes[i : i + 1], found[i])[0] > 0.8 for i in range(4))
    nowhere = np.array([[0, 0, 60, 60], [300, 200, 320, 240], [-90, -90, -10, -10], [500, 10, 600, 90]])
    boxes, landmarks, scores = look(detector, images, np.arange(4), nowhere)
    assert (scores < 0.7).all() and scores[2] == 0 and scores[3] == 0
    assert np.isfinite(boxes).all() and np.isfinite(landmarks).all()


def test_frames_made_for_a_device_give_the_same_faces(detector, draw_actor, monkeypatch):
    images = np.concatenate([draw_actor(person, 1)[0] for person in (0, 2, 5)])
    expected = detector.detect(images)

    def on_device(images):
        return nullcontext(DeviceFrames(images, torch.device("cpu")))

    monkeypatch.setattr(detector, "_summed", on_device)
    for faces, others in zip(expected, detector.detect(images)):
        assert np.array_equal(faces.boxes, others.boxes) and np.array_equal(faces.scores, others.scores)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an accelerator")
def test_an_accelerator_finds_the_same_faces(detector, draw_actor):
    images = np.concatenate([draw_actor(person, 2)[0] for person in range(4)])
    there = FaceDetector("cuda", CropSettings())
    for faces, others in zip(detector.detect(images), there.detect(images)):
        assert np.allclose(faces.boxes, others.boxes, atol=0.2)
        assert np.allclose(faces.landmarks, others.landmarks, atol=0.2)
    boxes, margins = (
        np.stack([vars(faces)[name][0] for faces in detector.detect(images)]) for name in ("boxes", "margins")
    )
    squares = squares_around(boxes, margins)
    here, elsewhere = (look(d, images, np.arange(len(images)), squares) for d in (detector, there))
    assert np.allclose(here[0], boxes, atol=0.2)
    assert np.allclose(here[0], elsewhere[0], atol=0.2)


def test_looking_from_where_a_face_was_found_finds_the_same_box(detector, draw_actor):
    images = draw_actor(2, 3)[0]
    boxes, margins = (
        np.stack([vars(faces)[name][0] for faces in detector.detect(images)]) for name in ("boxes", "margins")
    )
    again, _, _ = look(detector, images, np.arange(3), squares_around(boxes, margins))
    assert np.abs(again - boxes).max() < 0.02 * np.ptp(boxes[:, [0, 2]])


def test_threads_that_search_at_the_same_time_do_not_disturb_each_other(draw_actor):
    detector = FaceDetector("cpu", CropSettings())
    ours, theirs = (draw_actor(person, 1)[0] for person in (0, 2))
    (expected,) = detector.detect(ours)
    rnet, seen = detector._rnet, []

    def interrupted(cuts):
        if not seen:  # while this thread is in the middle of its search, another one begins and ends
            seen.append(torch.backends.cudnn.allow_tf32)  # a setting of the whole process
            other = threading.Thread(target=lambda: seen.append(len(detector.detect(theirs)[0])))
            other.start()
            other.join()
        return rnet(cuts)

    detector._rnet, before = interrupted, torch.backends.cudnn.allow_tf32
    (found,) = detector.detect(ours)
    assert seen == [before, 1]
    assert np.array_equal(found.boxes, expected.boxes) and np.array_equal(found.scores, expected.scores)


def test_a_copy_for_another_process_holds_nothing_of_the_frames(draw_actor):
    detector = FaceDetector("cpu", CropSettings())
    before = len(pickle.dumps(detector))
    images = draw_actor(0, 1)[0]
    (expected,) = detector.detect(images)
    copy = pickle.dumps(detector)
    assert len(copy) == before
    (found,) = pickle.loads(copy).detect(images)
    assert np.array_equal(found.boxes, expected.boxes)
