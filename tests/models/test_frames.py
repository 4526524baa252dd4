import pytest
import torch

from vidfer.models.frames import FramePacker, resize_images, select_regions, unit_float


def test_packs_frames_with_a_face_and_puts_them_back():
    mask = torch.tensor([[True, False], [False, False], [True, True]])
    crops = torch.arange(6).view(3, 2, 1, 1, 1, 1).expand(3, 2, 3, 3, 2, 2)
    frames = FramePacker(mask)
    packed = frames.pack(crops)
    assert packed[:, 0, 0, 0, 0].tolist() == [0, 4, 5]
    back = frames.unpack(packed[:, 0, 0, 0, 0].float(), fill=-1)
    assert back.tolist() == [[0, -1], [-1, -1], [4, 5]]


def test_a_batch_without_any_face_gives_two_black_frames():
    frames = FramePacker(torch.zeros(2, 3, dtype=torch.bool))
    packed = frames.pack(torch.ones(2, 3, 3, 3, 4, 4))
    assert packed.shape == (2, 3, 3, 4, 4) and packed.sum() == 0
    assert frames.unpack(torch.ones(2, 5)).tolist() == torch.zeros(2, 3, 5).tolist()


def test_unit_float_checks_the_border():
    crops = torch.full((1, 3, 3, 2, 2), 255, dtype=torch.uint8)
    assert torch.equal(unit_float(crops), torch.ones(1, 3, 3, 2, 2))
    with pytest.raises(ValueError, match="must be uint8, or float"):
        unit_float(crops.long())
    with pytest.raises(ValueError, match="do not fit frame_mask"):
        FramePacker(torch.ones(1, 2, dtype=torch.bool)).pack(crops[None])


def test_select_regions_takes_all_regions_or_those_it_is_to_select():
    crops = torch.arange(2 * 3 * 3 * 4 * 4).view(2, 3, 3, 4, 4)
    both = select_regions(crops, ("face", "mouth"))
    assert torch.equal(both, crops[:, [0, 2]])
    assert select_regions(both, ("face", "mouth")) is both
    for others in (crops.permute(0, 1, 3, 4, 2), crops[:, :2]):
        with pytest.raises(ValueError, match="crops must be"):
            select_regions(others, ("eyes",))


def test_resize_keeps_the_mean_and_does_nothing_at_the_same_size():
    images = torch.rand(2, 3, 32, 32)
    assert resize_images(images, 32) is images and resize_images(images, None) is images
    small = resize_images(images, 8)
    assert small.shape == (2, 3, 8, 8)
    torch.testing.assert_close(small.mean(), images.mean(), atol=0.01, rtol=0)
