"""Clips of several caches, end to end."""

import pickle

import pytest
import torch
from crop_caches import write_cache

from vidfer.data.dataset import ClipDataset
from vidfer.data.joined_clips import JoinedClips
from vidfer.data.loader import build_loader


@pytest.fixture
def joined(tmp_path) -> JoinedClips:
    parts = []
    for name, count in (("a", 3), ("b", 2)):
        folder = tmp_path / name
        folder.mkdir()
        clips = [{"id": f"{name}{i}", "label": "happy", "status": "d" * 6} for i in range(count)]
        write_cache(folder / "cache.h5", clips)
        parts.append(
            ClipDataset(
                folder / "cache.h5",
                range(count),
                [number + 10 * len(parts) for number in range(count)],
                n_frames=2,
                training=True,
            )
        )
    return JoinedClips(parts)


def test_items_are_those_of_the_parts(joined):
    assert len(joined) == 5
    assert [int(joined[i]["label"]) for i in range(5)] == [0, 1, 2, 10, 11]
    assert [int(joined[i]["clip"]) for i in range(5)] == [0, 1, 2, 0, 1]
    for i, (part, position) in enumerate([(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]):
        assert joined[i]["crops"].equal(joined.parts[part][position]["crops"])


def test_batches_of_one_part_and_of_both(joined):
    one, both = joined.__getitems__([4, 3]), joined.__getitems__([4, 0])
    assert [int(item["label"]) for item in one] == [11, 10]
    assert one[0]["crops"]._base is not None  # read into the place of the batch
    assert [int(item["label"]) for item in both] == [11, 0]
    for item, position in zip([*one, *both], [4, 3, 4, 0]):
        assert item["crops"].equal(joined[position]["crops"])


def test_a_new_epoch_reaches_all_parts(joined):
    first = [joined[i]["crops"] for i in range(5)]
    joined.set_epoch(7)
    changed = [not joined[i]["crops"].equal(crops) for i, crops in enumerate(first)]
    assert any(changed[:3]) and any(changed[3:])
    joined.set_epoch(0)
    assert all(joined[i]["crops"].equal(crops) for i, crops in enumerate(first))


def test_workers_give_the_same(joined):
    plain = [batch["crops"] for batch in build_loader(joined, 2)]
    there = [batch["crops"] for batch in build_loader(joined, 2, workers=1)]
    assert all(torch.equal(one, other) for one, other in zip(plain, there, strict=True))
    assert len(pickle.loads(pickle.dumps(joined))) == 5
