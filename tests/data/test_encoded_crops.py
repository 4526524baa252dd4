import pickle

import numpy as np
import pytest
import torch
from crop_caches import store_clips
from refused import refused

from vidfer.clips.clip import Clip
from vidfer.data.dataset import ClipDataset
from vidfer.data.encoded_crops import EncodedCrops
from vidfer.data.loader import build_loader
from vidfer.errors import CacheError
from vidfer.store.reader import CropCache

STATUS = ([1, 1, 0, 3, 2, 1, 1, 2, 1, 1], [1, 1], [0, 0, 0], [])
"""Of the frames of four clips: one with a missing frame, a short one, two without any face."""


def picture_cache(path, size_px: int, codec: str = "jpeg") -> CropCache:
    """Clips with smooth pictures, another one for every frame and region."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[0:size_px, 0:size_px] / size_px
    clips = []
    for number, status in enumerate(STATUS):
        down, right, phase = rng.uniform(1, 6, (3, len(status), 3, 1, 1, 3))
        wave = np.sin(down * y[..., None] + right * x[..., None] + phase)
        clip = Clip(id=f"{number}.mp4", path=path.parent / f"{number}.mp4")
        clips.append((clip, np.array(status, np.uint8), (127.5 + 120 * wave).astype(np.uint8)))
    return store_clips(path, clips, size_px=size_px, codec=codec)


def pair(cache: CropCache, **options) -> tuple[ClipDataset, ClipDataset]:
    """Two data sets that differ only in who decodes."""
    clips = range(len(cache))
    return tuple(
        ClipDataset(cache.path, clips, n_frames=4, decode=decode, **options)
        for decode in ("worker", "device")
    )


@pytest.mark.parametrize(
    "size_px", [16, 31, 112]
)  # 31: no multiple of JPEG's blocks, halved colour is uneven
@pytest.mark.parametrize("training", [False, True])
def test_decoding_where_the_network_is_gives_what_the_reader_gives(tmp_path, size_px, training):
    here, there = pair(picture_cache(tmp_path / "c.h5", size_px), training=training)
    for seen, encoded in zip(build_loader(here, 3), build_loader(there, 3), strict=True):
        assert isinstance(encoded["crops"], EncodedCrops)
        crops = encoded["crops"].to("cpu", non_blocking=True)
        assert crops.shape == seen["crops"].shape and crops.dtype == torch.uint8
        # The same library decodes; another build of it than torchvision's own may round elsewhere.
        assert (crops.int() - seen["crops"].int()).abs().max() <= 2
        for name in ("frame_mask", "label", "clip", "size"):
            assert torch.equal(encoded[name], seen[name])
        assert (crops[~seen["frame_mask"]] == 0).all()


def test_a_batch_without_any_face_is_black(tmp_path):
    _, there = pair(picture_cache(tmp_path / "c.h5", 16))
    batch = next(iter(build_loader(torch.utils.data.Subset(there, [2, 3]), 2)))
    assert batch["crops"].to("cpu").shape == (2, 4, 3, 3, 16, 16)
    assert batch["crops"].to("cpu").sum() == 0 and not batch["frame_mask"].any()


def test_a_frame_that_is_shown_twice_is_sent_once(tmp_path):
    _, there = pair(picture_cache(tmp_path / "c.h5", 16), training=True)
    crops = there[1]["crops"]  # two frames for four places
    assert crops.lengths.shape == (2, 3) and crops.shown.tolist() == [0, 0, 1, 1]
    assert len(crops.jpegs) == crops.lengths.sum()
    again = pickle.loads(pickle.dumps(crops))
    assert torch.equal(again.to("cpu"), crops.to("cpu"))


def test_workers_hand_over_jpegs(tmp_path):
    _, there = pair(picture_cache(tmp_path / "c.h5", 48))
    found = [batch["crops"] for batch in build_loader(there, 2, workers=2)]
    n_frames = sum(len(crops.lengths) for crops in found)
    assert n_frames == 4 + 2 and sum(len(crops.jpegs) for crops in found) < n_frames * 48 * 48 * 9 / 4
    expected = torch.stack([there[i]["crops"].to("cpu") for i in range(4)])
    assert torch.equal(torch.cat([crops.to("cpu") for crops in found]), expected)


def test_pinned_memory_leaves_them_alone(tmp_path):
    from torch.utils.data._utils.pin_memory import pin_memory

    _, there = pair(picture_cache(tmp_path / "c.h5", 16))
    crops = there[0]["crops"]
    assert pin_memory({"crops": crops}, "cpu")["crops"] is crops


def test_accelerate_decodes_when_it_moves_a_batch(tmp_path):
    from accelerate import Accelerator

    here, there = pair(picture_cache(tmp_path / "c.h5", 16))
    accelerator = Accelerator(cpu=True)
    for seen, batch in zip(build_loader(here, 2), accelerator.prepare(build_loader(there, 2)), strict=True):
        assert torch.equal(batch["crops"], seen["crops"])


def test_raw_crops_are_pixels_whoever_decodes(tmp_path):
    here, there = pair(picture_cache(tmp_path / "c.h5", 16, codec="raw"))
    assert torch.equal(there[0]["crops"], here[0]["crops"])


def test_damaged_jpegs_are_an_error_with_a_remedy(tmp_path):
    _, there = pair(picture_cache(tmp_path / "c.h5", 16))
    crops = there[0]["crops"]
    crops.jpegs[:] = 7
    with refused(CacheError, "decoded on cpu", "vidfer verify", "--data.decode worker"):
        crops.to("cpu")
    other = EncodedCrops(there[0]["crops"].jpegs, crops.lengths, crops.shown, size_px=17)
    with refused(CacheError, "(3, 16, 16)", "(3, 17, 17)", "vidfer verify"):
        other.to("cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no accelerator here")
@pytest.mark.parametrize("size_px", [16, 31, 112])
def test_decoding_on_cuda_is_close_to_the_reader(tmp_path, size_px):
    here, there = pair(picture_cache(tmp_path / "c.h5", size_px))
    seen, encoded = next(iter(build_loader(here, 4))), next(iter(build_loader(there, 4)))
    crops = encoded["crops"].to("cuda")
    assert crops.device.type == "cuda" and crops.shape == seen["crops"].shape
    # nvJPEG may repeat halved colours where libjpeg-turbo interpolates.
    error = (crops.cpu().float() - seen["crops"].float()).square().mean()
    assert error < 255**2 / 10**3  # PSNR above 30 dB; any other picture is below 15
    assert (crops.cpu()[~seen["frame_mask"]] == 0).all()
