"""Episodes over the clips of a cache: which are drawn, in which batches, by which process."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from accelerate.data_loader import BatchSamplerShard
from crop_caches import write_cache
from refused import refused

from vidfer.data.dataset import ClipDataset
from vidfer.data.episode_batches import EpisodeBatches, training_episodes, validation_episodes
from vidfer.data.episodes import EpisodeSampler
from vidfer.data.settings import EpisodeSettings
from vidfer.data.split_datasets import evaluation_clips
from vidfer.errors import DataError
from vidfer.store.reader import CropCache

LABELS = np.repeat([0, 1, 2], 5)


def clip_set(cache: CropCache, clips: Sequence[int], classes: str) -> ClipDataset:
    return evaluation_clips(cache, clips, classes, n_frames=1)


def batches() -> EpisodeBatches:
    return EpisodeBatches(EpisodeSampler(LABELS, ways=2, shots=2, queries=1, episodes=3, seed=0))


def test_a_batch_is_support_then_query_by_class():
    for batch in batches():
        labels = LABELS[batch]
        assert len(batch) == len(set(batch)) == 6
        assert labels[0] == labels[1] == labels[4] and labels[2] == labels[3] == labels[5] != labels[0]


def test_epochs_have_episodes_of_their_own_and_come_back():
    sampler = batches()
    first = list(sampler)
    sampler.set_epoch(1)
    assert list(sampler) != first
    sampler.set_epoch(0)
    assert list(sampler) == first


@pytest.mark.parametrize("episodes", [1, 3, 4])
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_processes_share_episodes_as_a_whole_and_lose_none(episodes, processes):
    sampler = EpisodeSampler(LABELS, ways=2, shots=2, queries=1, episodes=episodes, seed=0)
    shares = [
        list(BatchSamplerShard(EpisodeBatches(sampler), processes, process)) for process in range(processes)
    ]
    assert [len(share) for share in shares] == [math.ceil(episodes / processes)] * processes
    seen = {tuple(batch) for share in shares for batch in share}
    assert seen == {tuple(batch) for batch in EpisodeBatches(sampler)}


def test_validation_has_the_classes_that_have_enough_clips(tmp_path):
    settings = EpisodeSettings(ways=4, shots=2, queries=2, val_episodes=5)
    clips = [
        {"id": f"{i:02}", "label": label, "status": "d" if i < 12 else "m"}
        for i, label in enumerate("aaaabbbbcccdddd")
    ]
    cache = write_cache(tmp_path / "c.h5", clips)
    sampler = validation_episodes(clip_set(cache, range(15), "abcd"), "abcd", settings, seed=0)
    assert sampler.ways == 2 and sampler.classes.tolist() == [0, 1] and len(sampler) == 5
    assert validation_episodes(clip_set(cache, range(7), "abcd"), "abcd", settings, seed=0) is None


def test_queries_show_other_subjects_than_the_support(tmp_path):
    clips = [
        {"id": f"{i:02}", "label": "ab"[i % 2], "subject": f"p{i // 6}", "status": "d"} for i in range(36)
    ]
    cache = write_cache(tmp_path / "c.h5", clips)
    whole = clip_set(cache, range(36), "ab")
    person = np.array([clip.subject for clip in cache.clips])
    settings = EpisodeSettings(
        ways=2, shots=2, queries=2, per_epoch=50, val_episodes=50, person_disjoint=True
    )
    for of in (training_episodes, validation_episodes):
        for episode in of(whole, "ab", settings, seed=0):
            assert not {*person[episode.support]} & {*person[episode.query]}
    # Two people for four queries of each class: nothing to validate on, and refused before training.
    two = write_cache(tmp_path / "two.h5", [c | {"subject": "pq"[i > 2]} for i, c in enumerate(clips[:12])])
    few = replace(settings, shots=1)
    assert (
        validation_episodes(clip_set(two, range(12), "ab"), "ab", replace(few, queries=1), seed=0) is not None
    )
    assert validation_episodes(clip_set(two, range(6), "ab"), "ab", replace(few, queries=2), seed=0) is None
    with refused(DataError, "too few clips", "2 support clips"):
        training_episodes(clip_set(two, range(6), "ab"), "ab", replace(few, queries=2), seed=0)
    no_subjects = [{name: value for name, value in c.items() if name != "subject"} for c in clips]
    nobody = write_cache(tmp_path / "nobody.h5", no_subjects)
    with refused(DataError, "clip '00'", "vidfer relabel", "nobody.h5"):
        training_episodes(clip_set(nobody, range(36), "ab"), "ab", settings, seed=0)
