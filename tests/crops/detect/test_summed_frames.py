import cv2
import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from vidfer.crops.detect.device_frames import DeviceFrames
from vidfer.crops.detect.summed_frames import SummedFrames, cut_one_each


def area_resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """How MTCNN resizes and normalises."""
    batch = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    return ((interpolate(batch, (height, width), mode="area") - 127.5) / 128)[0].permute(1, 2, 0).numpy()


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 57, 83, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(18, 25), (57, 83), (1, 1), (70, 100)])
def test_resizes_as_mtcnn(images, size):
    resized = SummedFrames(images).resized(0, 3, *size)
    assert resized.dtype == torch.float32
    for got, image in zip(resized, images):
        assert np.allclose(got, area_resize(image, *size), atol=1e-5)


def test_cuts_as_mtcnn(images):
    rectangles = torch.tensor([[0, 0, 83, 57], [10, 20, 50, 41], [80, 50, 83, 57], [5, 5, 6, 6]])
    frames = torch.tensor([2, 0, 1, 1])
    cuts = SummedFrames(images).cut(rectangles, frames, 24)
    for cut, (x1, y1, x2, y2), frame in zip(cuts, rectangles, frames):
        assert np.allclose(cut, area_resize(images[frame, y1:y2, x1:x2], 24, 24), atol=1e-5)


def test_memory_of_other_frames_changes_nothing(images):
    first = SummedFrames(images)
    again = SummedFrames(images[::-1].copy(), first.memory)
    assert again.memory is first.memory
    assert torch.equal(again.resized(0, 3, 9, 9), SummedFrames(images[::-1].copy()).resized(0, 3, 9, 9))
    assert SummedFrames(images[:2, :30], first.memory).memory is first.memory
    assert SummedFrames([*images, images[0]], first.memory).memory is not first.memory


def test_frames_of_several_sizes_are_as_each_alone(images):
    others = [images[0], images[1], images[2, :40, :30], images[1, 7:20, :60], images[0, 7:20, 2:62]]
    together = SummedFrames(others)
    assert together.runs() == [(0, 2, 57, 83), (2, 3, 40, 30), (3, 5, 13, 60)]
    for first, last, *_ in together.runs():
        alone = SummedFrames(others[first:last]).resized(0, last - first, 11, 17)
        assert torch.equal(together.resized(first, last, 11, 17), alone)
    rectangles, frames = torch.tensor([[3, 2, 24, 13], [0, 0, 5, 9], [1, 1, 30, 12]]), torch.tensor([4, 2, 0])
    cuts = together.cut(rectangles, frames, 24)
    for cut, rectangle, frame in zip(cuts, rectangles, frames):
        alone = SummedFrames([others[frame]]).cut(rectangle[None], torch.tensor([0]), 24)
        assert torch.equal(cut, alone[0])


def test_cuts_without_tables_differ_little_where_the_picture_is_smooth(images):
    smooth = np.stack([cv2.GaussianBlur(image, (0, 0), 5) for image in images])
    rectangles, frames = np.array([[0, 0, 83, 57], [10, 3, 58, 51], [10, 3, 58, 51]]), np.array([2, 0, 1])
    exact = SummedFrames(smooth).cut(torch.from_numpy(rectangles), torch.from_numpy(frames), 24)
    assert (cut_one_each(smooth, frames, rectangles, 24) - exact).abs().max() < 3 / 128


def test_frames_on_a_device_are_equal_to_the_last_digit(images):
    host, device = SummedFrames(images), DeviceFrames(images, torch.device("cpu"))
    assert torch.equal(torch.from_numpy(host.memory).view(3, 58, 84, 3), device.tables)
    assert host.runs() == device.runs() and np.array_equal(host.sizes, device.sizes)
    for size in [(18, 25), (1, 1), (70, 100)]:
        assert torch.equal(host.resized(1, 3, *size), device.resized(1, 3, *size))
    rectangles = torch.tensor([[0, 0, 83, 57], [10, 20, 50, 41], [5, 5, 6, 6]]).float()
    frames = torch.tensor([2, 0, 1])
    assert torch.equal(host.cut(rectangles, frames, 24), device.cut(rectangles, frames, 24))
