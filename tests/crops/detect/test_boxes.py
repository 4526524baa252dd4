import numpy as np
import torch

from vidfer.crops.detect.boxes import distance, inside, is_solid, overlap, regress, square, suppress_contained


def test_square_keeps_the_centre_and_takes_the_longer_side():
    boxes = square(torch.tensor([[0.0, 0.0, 10.0, 20.0], [4.0, 4.0, 10.0, 6.0]]))
    assert boxes.tolist() == [[-5, 0, 15, 20], [4, 2, 10, 8]]


def test_regress_moves_sides_in_shares_of_the_size():
    boxes, offsets = torch.tensor([[10.0, 10.0, 29.0, 49.0]]), torch.tensor([[0.1, -0.1, 0.5, 0.0]])
    assert torch.allclose(regress(boxes, offsets, pixel=1), torch.tensor([[12.0, 6.0, 39.0, 49.0]]))
    assert torch.allclose(regress(boxes, offsets, pixel=0), torch.tensor([[11.9, 6.1, 38.5, 49.0]]))


def test_inside_clips_to_whole_pixels_of_the_frame():
    boxes = torch.tensor([[-3.5, 5.7, 40.2, 12.9], [30.0, 2.0, 50.0, 9.0]])
    rectangles = inside(boxes, torch.tensor([[25.0, 10.0]]))
    assert rectangles.tolist() == [[0, 4, 25, 10], [29, 1, 25, 9]]
    assert is_solid(rectangles).tolist() == [True, False]


def test_a_face_inside_a_face_goes_but_not_across_images():
    boxes = np.array([[0, 0, 100, 100], [30, 30, 60, 60], [30, 30, 60, 60], [200, 0, 300, 100]], np.float32)
    scores = np.array([0.9, 0.8, 0.7, 0.95], np.float32)
    images = np.array([0, 0, 1, 0])
    assert suppress_contained(boxes, scores, images, 0.7).tolist() == [3, 0, 2]


def test_of_two_that_overlap_the_better_stays():
    boxes = np.array([[0, 0, 100, 100], [2, 2, 102, 102]], np.float32)
    assert suppress_contained(boxes, np.array([0.8, 0.9]), np.zeros(2), 0.7).tolist() == [1]


def test_overlap_and_distance():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30], [0, 0, 20, 20]], np.float32)
    assert np.allclose(overlap(boxes, boxes[0]), [1, 1 / 3, 0, 1 / 4])
    far = distance(boxes, boxes[0])
    assert np.allclose(far[:3], [0, 0.5, np.hypot(20, 20) / 10])
    assert np.isclose(far[3], np.hypot(5, 5) / np.sqrt(200) + np.log(2))
    assert distance(np.empty((0, 4), np.float32), boxes[0]).shape == (0,)
