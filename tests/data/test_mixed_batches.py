"""Batches of labelled and pseudo-labelled clips."""

from collections import Counter

import numpy as np
import pytest
import torch
from accelerate.data_loader import BatchSamplerShard
from striped_cache import write_striped_cache

from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
from vidfer.data.mixed_batches import MixedBatches, MixedDataset, numbered, shuffles

LABELS = [0, 0, 0, 0, 1, 2]
WEIGHTS = [1, 0, 2, 1, 1, 4]  # a pool of 9


def batches(**options) -> MixedBatches:
    return MixedBatches(LABELS, WEIGHTS, **{"batch_size": 4, "ratio": 1, "seed": 5} | options)


@pytest.mark.parametrize("ratio", [1, 3])
def test_every_batch_has_the_same_composition(ratio):
    sampler = batches(ratio=ratio)
    found = list(sampler)
    assert len(found) == len(sampler) == -(-9 // (4 * ratio))
    for batch in found:
        assert Counter(pseudo for pseudo, _, _ in batch) == {False: 4, True: 4 * ratio}


def test_an_epoch_passes_over_the_pool_as_often_as_the_weights_say():
    places = [place for batch in batches() for place in batch]
    pseudo = [position for is_pseudo, _, position in places if is_pseudo][:9]
    assert Counter(pseudo) == {0: 1, 2: 2, 3: 1, 4: 1, 5: 4}
    labelled = Counter(position for is_pseudo, _, position in places if not is_pseudo)
    assert max(labelled.values()) - min(labelled.values()) <= 1 and sum(labelled.values()) == 12


def test_a_clip_that_comes_again_is_numbered():
    assert numbered(np.array([7, 3, 7, 7])) == [(0, 7), (0, 3), (1, 7), (2, 7)]
    places = [place for batch in batches() for place in batch]
    assert len(set(places)) == len(places)


def test_balanced_batches_have_every_class_equally_often():
    labelled = [
        LABELS[i] for batch in batches(batch_size=3, balanced=True) for pseudo, _, i in batch if not pseudo
    ]
    assert Counter(labelled) == {0: 3, 1: 3, 2: 3}


def test_the_order_is_a_function_of_seed_and_epoch():
    sampler = batches()
    first = list(sampler)
    assert list(sampler) == first  # iterating changes nothing
    sampler.set_epoch(1)
    second = list(sampler)
    assert second != first and list(batches(seed=6)) != first
    sampler.set_epoch(0)
    assert list(sampler) == first


def test_the_share_of_each_process_has_the_composition_of_the_whole():
    pieces = [list(BatchSamplerShard(batches(ratio=3), 2, rank, split_batches=True)) for rank in (0, 1)]
    for one, other, whole in zip(*pieces, batches(ratio=3), strict=True):
        assert one + other == whole
        assert Counter(pseudo for pseudo, _, _ in one) == {False: 2, True: 6}


def test_shuffles_give_every_item_once_before_any_twice():
    stream = shuffles(np.arange(5), 13, np.random.default_rng(0))
    assert len(stream) == 13
    assert sorted(stream[:5]) == sorted(stream[5:10]) == [0, 1, 2, 3, 4]


def test_items_say_their_target_and_repeat_with_other_frames(striped_cache):
    labelled = ClipDataset(striped_cache, [0, 1], [1, 2], n_frames=1, training=True)
    pseudo = ClipDataset(striped_cache, [5, 6, 7], n_frames=1, training=True)
    targets = torch.eye(3)[[1, 2]], torch.tensor([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8], [1.0, 0.0, 0.0]])
    mixed = MixedDataset(labelled, pseudo, *targets)
    one, other = mixed[False, 0, 1], mixed[True, 0, 1]
    assert (one["label"], one["pseudo"], one["clip"]) == (2, False, 1) and one["target"].tolist() == [0, 0, 1]
    assert (other["label"], other["pseudo"], other["clip"]) == (-1, True, 6)
    assert torch.equal(other["target"], targets[1][1])
    again = [mixed[True, turn, 1]["crops"] for turn in range(8)]
    assert torch.equal(again[0], other["crops"])
    assert any(not torch.equal(again[0], crops) for crops in again[1:])
    assert pseudo.seed == 0  # the views are copies
    mixed.set_epoch(1)
    assert any(not torch.equal(mixed[True, turn, 1]["crops"], again[turn]) for turn in range(8))


def test_encoded_clips_mix_with_one_another_and_with_raw_ones(tmp_path):
    caches = {
        codec: write_striped_cache(tmp_path / f"{codec}.h5", {"train": 3}, codec=codec).path
        for codec in ("jpeg", "raw")
    }
    places = [(False, 0, 2), (True, 0, 0), (True, 1, 0), (False, 0, 0)]
    for labelled, pseudo in (("jpeg", "jpeg"), ("jpeg", "raw"), ("raw", "jpeg")):
        batches = []
        for decode in ("worker", "device"):
            parts = [
                ClipDataset(caches[codec], [0, 4, 8], n_frames=2, training=True, decode=decode)
                for codec in (labelled, pseudo)
            ]
            mixed = MixedDataset(*parts, torch.eye(3), torch.eye(3))
            (batch,) = build_loader(mixed, 4, batches=[places])
            batches.append(batch | {"crops": batch["crops"].to("cpu")})
        here, there = batches
        assert (here["crops"].int() - there["crops"].int()).abs().max() <= 2
        assert torch.equal(here["target"], there["target"]) and torch.equal(here["pseudo"], there["pseudo"])
