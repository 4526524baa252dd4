"""Which clips a teacher labels."""

from crop_caches import write_cache
from refused import refused
from striped_cache import write_striped_cache

from vidfer.data.settings import DataSettings
from vidfer.data.training_split import training_split
from vidfer.data.unlabelled_clips import with_unlabelled
from vidfer.errors import CacheError, DataError
from vidfer.store.reader import CropCache


def test_another_cache_gives_all_its_clips_but_those_to_be_measured_on(striped_cache, tmp_path):
    cache = CropCache(striped_cache)
    split = training_split(cache, DataSettings())
    assert with_unlabelled(split, cache) == split and len(split.unlabelled) == 24
    found = with_unlabelled(split, cache, cache)
    assert len(found.unlabelled) == 24 + 18 and not set(found.unlabelled) & set(split.val)
    assert found.note == f"{split.note}; 12 clips of striped.h5 are measured and not used"
    write_striped_cache(tmp_path / "large.h5", {"unlabelled": 1}, size_px=48)
    with refused(CacheError, "large.h5", "48 px", "striped.h5", "32 px"):
        with_unlabelled(split, cache, CropCache(tmp_path / "large.h5"))
    write_striped_cache(tmp_path / "labelled.h5", {"train": 2, "val": 1})
    alone = CropCache(tmp_path / "labelled.h5")
    with refused(DataError, "labelled.h5", "--unlabelled"):
        with_unlabelled(training_split(alone, DataSettings()), alone)


def test_a_copy_of_a_clip_to_be_measured_on_is_not_labelled(striped_cache):
    cache = CropCache(striped_cache)
    split = training_split(cache, DataSettings())
    copies = dict(zip(split.unlabelled, (*split.val[:2], split.train[0])))  # the last one may be
    for copy, i in copies.items():
        cache.clips[copy].__dict__["crops_hash"] = cache.clips[i].crops_hash
    found = with_unlabelled(split, cache)
    assert found.unlabelled == split.unlabelled[2:]
    assert found.note == f"{split.note}; 2 unlabelled clips are copies of measured clips and not used"


def test_another_cache_gives_nobody_who_is_to_be_measured_on(tmp_path):
    """Neither cache says who is for validation; the run divides the first one itself."""
    labels = ("angry", "happy") * 3 + ("fear",) * 2
    clips = [{"id": f"{i}", "label": label, "subject": f"p{i}"} for i, label in enumerate(labels)]
    cache = write_cache(tmp_path / "a.h5", clips)
    split = training_split(cache, DataSettings(novel=("fear",), val_fraction=0.2))
    measured = {cache.clips[i].subject for i in (*split.val, *split.test)} | {"p6", "p7"}
    assert len(split.train) == 2 and len(measured) == 6

    # Other crops of the same people under other names, one stranger, and one clip of a novel class.
    more = [{"id": f"z{i}", "subject": f"p{i}", "status": "dd"} for i in range(8)]
    more += [{"id": "zz", "subject": "stranger"}, {"id": "zzz", "subject": "another", "label": "fear"}]
    other = write_cache(tmp_path / "b.h5", more)
    found = with_unlabelled(split, cache, other, ("fear",))
    seen = {other.clips[i].subject for i in found.unlabelled}
    assert seen == {f"p{i}" for i in range(8)} - measured | {"stranger"}
    assert "; 7 clips of b.h5 are measured" in found.note

    # The same crops without subjects.
    nameless = write_cache(tmp_path / "c.h5", [clip | {"subject": None, "label": None} for clip in clips])
    found = with_unlabelled(split, cache, nameless, ("fear",))
    assert {f"p{nameless.clips[i].id}" for i in found.unlabelled} == {f"p{i}" for i in range(8)} - measured
