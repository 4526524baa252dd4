"""Labels that are hidden, so that clips with labels can stand in for clips without."""

from collections import Counter
from dataclasses import replace

from refused import refused
from striped_cache import write_striped_cache

from vidfer.data.few_labels import with_few_labels
from vidfer.data.settings import DataSettings
from vidfer.data.training_split import split_hash, training_split
from vidfer.errors import SettingError
from vidfer.store.reader import CropCache


def ids(cache: CropCache, clips) -> list[str]:
    return [cache.clips[i].id for i in clips]


def test_so_many_labels_of_each_class_stay_and_the_other_clips_are_unlabelled(tmp_path):
    cache = write_striped_cache(tmp_path / "a.h5", {"train": 8, "val": 2, "unlabelled": 1})
    whole = training_split(cache, DataSettings())
    few = training_split(cache, DataSettings(labels_per_class=3))
    assert Counter(cache.clips[i].label for i in few.train) == {"angry": 3, "happy": 3, "sad": 3}
    assert few.val == whole.val and few.test == whole.test
    assert {*few.train} | {*few.unlabelled} == {*whole.train} | {*whole.unlabelled}
    assert not {*few.train} & {*few.unlabelled} and {*whole.unlabelled} < {*few.unlabelled}
    assert list(few.unlabelled) == sorted(few.unlabelled) and list(few.train) == sorted(few.train)
    assert "3 labels of each class are used, those of 15 clips are hidden" in few.note
    assert split_hash(cache, few) != split_hash(cache, whole)
    every = training_split(cache, DataSettings(labels_per_class=8))
    assert every.train == whole.train


def test_the_choice_follows_the_seed_and_more_labels_are_those_and_others(tmp_path):
    cache = write_striped_cache(tmp_path / "a.h5", {"train": 12, "val": 2})
    found = {
        (seed, count): {*training_split(cache, DataSettings(labels_per_class=count, split_seed=seed)).train}
        for seed in (0, 1)
        for count in (2, 5)
    }
    assert found[0, 2] < found[0, 5] and found[1, 2] < found[1, 5]
    assert found[0, 5] != found[1, 5]


def test_the_choice_does_not_depend_on_the_order_of_the_clips(tmp_path):
    cache = write_striped_cache(tmp_path / "a.h5", {"train": 12, "val": 2})
    split = training_split(cache, DataSettings())
    backwards = replace(split, train=split.train[::-1])
    one, other = (with_few_labels(each, cache, 4, seed=0) for each in (split, backwards))
    assert {*one.train} == {*other.train} and len(one.train) == 12
    assert one.unlabelled == other.unlabelled and len(one.unlabelled) == 24


def test_less_than_one_label_is_refused():
    with refused(SettingError, "--data.labels-per-class 0"):
        DataSettings(labels_per_class=0)
