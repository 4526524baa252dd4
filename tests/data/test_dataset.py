import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from vidfer.data.dataset import ClipDataset

CLIPS = [
    {"id": "a.mp4", "label": "happy", "status": "dddddddd"},
    {"id": "b.mp4", "label": "sad", "status": "mmdtimmd"},
    {"id": "c.mp4", "label": "sad", "status": "mmm"},
    {"id": "d.jpg", "label": None, "status": "d"},
    {"id": "e.mp4", "label": None, "status": ""},
]


def values(crops: torch.Tensor) -> list[int]:
    """What the face crops of write_cache are filled with."""
    return crops[:, 0, 0, 0, 0].tolist()


def test_items_are_uint8_rgb_of_the_wanted_frames(make_cache):
    cache = make_cache(CLIPS)
    item = ClipDataset(cache.path, [0, 1], [1, 0], n_frames=4)[0]
    assert item["crops"].shape == (4, 3, 3, 16, 16)
    assert item["crops"].dtype == torch.uint8
    assert values(item["crops"]) == [1, 3, 5, 7]
    assert item["crops"][0, :, 0, 0, 0].tolist() == [1, 2, 3]  # face, eyes, mouth
    assert item["frame_mask"].tolist() == [True] * 4
    assert (item["label"].item(), item["clip"].item(), item["size"].item()) == (1, 0, 8)


def test_only_frames_with_a_face_are_shown(make_cache):
    dataset = ClipDataset(make_cache(CLIPS).path, [1], n_frames=4)
    assert dataset.frames_of(0).tolist() == [2, 3, 4, 7]
    assert values(dataset[0]["crops"]) == [22, 23, 24, 27]
    assert dataset[0]["label"].item() == -1


@pytest.mark.parametrize("clip", [2, 4])  # no frame with a face, no frame at all
@pytest.mark.parametrize("training", [False, True])
def test_a_clip_without_a_face_is_black_and_masked(make_cache, clip, training):
    item = ClipDataset(make_cache(CLIPS).path, [0, clip], n_frames=3, training=training)[1]
    assert item["crops"].shape == (3, 3, 3, 16, 16)
    assert item["crops"].sum() == 0
    assert not item["frame_mask"].any()
    assert item["size"].item() == 0


def test_an_image_fills_every_frame(make_cache):
    item = ClipDataset(make_cache(CLIPS).path, [3], n_frames=3, training=True)[0]
    assert values(item["crops"]) == [60, 60, 60]
    assert item["frame_mask"].all()


def test_a_short_clip_has_each_frame_once_and_black_ones_behind_the_mask(make_cache):
    dataset = ClipDataset(make_cache(CLIPS).path, [1, 0, 3, 2], n_frames=7)
    short, long, image, faceless = dataset.__getitems__([0, 1, 2, 3])  # in memory that others have used
    assert values(short["crops"]) == [22, 23, 24, 27, 0, 0, 0]
    assert short["frame_mask"].tolist() == [True] * 4 + [False] * 3
    assert short["crops"][4:].sum() == 0 and dataset.frames_of(0).tolist() == [2, 3, 4, 7]
    assert values(long["crops"]) == [0, 1, 2, 4, 5, 6, 7] and long["frame_mask"].all()
    assert values(image["crops"]) == [60] + [0] * 6 and image["frame_mask"].sum() == 1
    assert not faceless["frame_mask"].any() and faceless["crops"].sum() == 0


def test_evaluation_has_room_for_the_longest_of_its_clips_and_no_more(make_cache):
    path = make_cache(CLIPS).path

    def length(clips, training=False):
        return len(ClipDataset(path, clips, n_frames=1000, training=training)[0]["frame_mask"])

    assert [length(clips) for clips in ([3, 0], [3, 1], [3], [2])] == [8, 4, 1, 1]
    assert length([3, 1], training=True) == 1000


def test_training_frames_depend_on_seed_epoch_and_clip_alone(make_cache):
    path = make_cache([{"id": f"{i}.mp4", "status": "d" * 40} for i in range(3)]).path

    def frames(clips, position, seed=0, epoch=0):
        dataset = ClipDataset(path, clips, n_frames=4, training=True, seed=seed)
        dataset.set_epoch(epoch)
        return dataset.frames_of(position).tolist()

    assert frames([0, 1, 2], 1) == frames(
        [1], 0
    )  # not on the place in the list, nor on what was drawn before
    assert frames([1], 0) != frames([1], 0, epoch=1)
    assert frames([1], 0) != frames([1], 0, seed=1)
    assert frames([0], 0) != frames([1], 0)


def test_evaluation_ignores_the_epoch(make_cache):
    dataset = ClipDataset(make_cache(CLIPS).path, [0], n_frames=3)
    before = dataset[0]["crops"]
    dataset.set_epoch(5)
    assert torch.equal(before, dataset[0]["crops"])


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_give_what_one_process_gives_and_follow_the_epoch(make_cache, method):
    dataset = ClipDataset(make_cache(CLIPS).path, [0, 1, 2, 3], n_frames=3, training=True)
    dataset[0]  # the file is open in this process before the workers start
    loader = DataLoader(
        dataset, batch_size=2, num_workers=2, multiprocessing_context=method, persistent_workers=True
    )
    for epoch in (0, 3):
        dataset.set_epoch(epoch)
        with_workers = torch.cat([batch["crops"] for batch in loader])
        assert torch.equal(with_workers, torch.stack([dataset[i]["crops"] for i in range(4)]))


def test_labels_must_match_the_clips(make_cache):
    path = make_cache(CLIPS).path
    with pytest.raises(ValueError, match="2 clips but 1 labels"):
        ClipDataset(path, [0, 1], [0], n_frames=2)
    with pytest.raises(ValueError, match="at least 1"):
        ClipDataset(path, [0], n_frames=0)
    with pytest.raises(ValueError, match="'worker' or 'device'"):
        ClipDataset(path, [0], n_frames=1, decode="gpu")


def test_a_jpeg_cache_gives_nearly_the_same_crops(make_cache):
    raw = ClipDataset(make_cache(CLIPS).path, [1], n_frames=5)[0]["crops"]
    jpeg = ClipDataset(make_cache(CLIPS, name="jpeg.h5", codec="jpeg").path, [1], n_frames=5)[0]["crops"]
    assert np.abs(raw.numpy().astype(int) - jpeg.numpy()).max() <= 2


@pytest.mark.parametrize("codec", ["jpeg", "raw"])
@pytest.mark.parametrize("decode", ["worker", "device"])
@pytest.mark.parametrize("training", [False, True])
def test_crops_of_other_regions_stay_black(make_cache, codec, decode, training):
    path = make_cache(CLIPS, codec=codec).path

    def crops(**regions):
        how = {"n_frames": 3, "training": training, "decode": decode}
        items = ClipDataset(path, [0, 1, 3], **how, **regions).__getitems__([0, 1, 2])
        return torch.stack([item["crops"].to("cpu") for item in items])

    every, some = crops(), crops(regions=("eyes",))
    assert (every[:, 0].flatten(2).amax(-1) > 0).all()
    assert torch.equal(some[:, :, 1], every[:, :, 1])
    assert some[:, :, [0, 2]].sum() == 0
