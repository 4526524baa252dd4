"""Which clips a run may train on."""

from dataclasses import replace
from pathlib import Path

from crop_caches import write_cache
from refused import refused
from striped_cache import write_striped_cache

from vidfer.data.settings import DataSettings
from vidfer.data.training_split import check_same_split, split_hash, trainable_classes, training_split
from vidfer.errors import CheckpointError, DataError, SettingError
from vidfer.store.reader import CropCache


def test_classes_of_the_test_split_alone_are_not_trained_on(tmp_path):
    write_striped_cache(tmp_path / "a.h5", {"train": 2, "val": 1})
    cache = CropCache(tmp_path / "a.h5")
    labels = [clip.label for clip in cache.clips]
    for clip in cache.clips:
        if clip.label == "sad":
            clip.__dict__["split"] = "test"
    assert set(labels) == {"angry", "happy", "sad"}
    assert trainable_classes(cache) == ("angry", "happy")
    split = training_split(cache, DataSettings())
    assert {cache.clips[i].label for i in (*split.train, *split.val)} == {"angry", "happy"}


def test_training_clips_without_a_face_are_left_out_and_counted(striped_cache):
    cache = CropCache(striped_cache)
    before = training_split(cache, DataSettings())
    for i in before.train[:2] + before.val[:1]:
        cache.clips[i].__dict__["n_faces"] = 0
    split = training_split(cache, DataSettings())
    assert split.train == before.train[2:] and split.val == before.val
    assert "2 training clips without a face left out" in split.note
    for i in before.train:
        cache.clips[i].__dict__["n_faces"] = 0
    with refused(DataError, "with a face", "striped.h5", "vidfer inspect"):
        training_split(cache, DataSettings())


def test_a_class_that_nobody_validates_is_named(tmp_path):
    clips = [{"id": f"{i}", "label": ("angry", "happy")[i % 2], "subject": f"p{i // 4}"} for i in range(40)]
    clips += [{"id": "rare", "label": "fear", "subject": "p0"}]
    split = training_split(write_cache(tmp_path / "a.h5", clips), DataSettings())
    assert split.note.endswith("into train 70%, val 15%, test 15%; no clip of fear to validate on")


def test_a_class_without_a_clip_to_train_on_is_refused_by_name(tmp_path):
    """Every class is one subject, as a wrong --subject-pattern makes it."""
    labels = ("happy", "neutral", "sad") * 4
    clips = [{"id": f"{i}", "label": name, "subject": name} for i, name in enumerate(labels)]
    cache = write_cache(tmp_path / "a.h5", clips)
    with refused(DataError, "a.h5", "no clip with a face to train on", "--data.classes", "vidfer inspect"):
        training_split(cache, DataSettings())


def test_a_copy_of_a_clip_to_be_measured_on_is_not_trained_on(tmp_path):
    labels = ("angry", "happy") * 10 + ("fear",) * 2
    clips = [{"id": f"{i:02}", "label": label, "subject": f"p{i}"} for i, label in enumerate(labels)]
    cache = write_cache(tmp_path / "a.h5", clips)
    settings = DataSettings(novel=("fear",))
    before = training_split(cache, settings)
    novel = len(clips) - 1
    assert "copies" not in before.note and min(map(len, (before.train[3:], before.val[1:], before.test))) > 0

    def copy(i: int, of: int) -> None:
        cache.clips[i].__dict__["crops_hash"] = cache.clips[of].crops_hash

    for i, of in zip(before.train, (before.val[1], before.test[0], novel)):
        copy(i, of)
    copy(before.val[0], before.test[0])
    copy(before.train[3], before.train[4])  # which nobody minds
    split = training_split(cache, settings)
    assert (split.train, split.val) == (before.train[3:], before.val[1:])
    assert split.note == f"{before.note}; 4 copies of validation, test or novel clips left out"

    for i in (*before.train, *before.val, *before.test):  # without a face all crops are alike
        cache.clips[i].__dict__["crops_hash"] = "black"
        cache.clips[i].__dict__["n_faces"] = int(i in before.train)
    assert training_split(cache, settings).train == before.train


def test_a_teacher_of_another_split_is_refused(striped_cache):
    cache = CropCache(striped_cache)
    split = training_split(cache, DataSettings())
    info = {"cache_hash": cache.content_hash, "split_hash": split_hash(cache, split)}
    check_same_split(info, cache, split, Path("runs/teacher"))
    check_same_split(info | {"cache_hash": "another"}, cache, replace(split, val=split.val[1:]), Path("t"))
    with refused(CheckpointError, "runs/teacher", cache.path, "--data.split-seed"):
        check_same_split(info, cache, replace(split, val=split.val[1:]), Path("runs/teacher"))


def test_people_who_show_a_novel_class_are_not_trained_on(tmp_path):
    people = {"angry": "abcd", "happy": "efga", "fear": "a"}  # person a shows all three
    clips = [
        {"id": f"{label}/{person}", "label": label, "subject": person}
        for label, persons in people.items()
        for person in persons
    ]
    cache = write_cache(tmp_path / "c.h5", clips)
    split = training_split(cache, DataSettings(novel=("fear",), val_fraction=0.3))
    assert split.classes == ("angry", "happy")
    used = {cache.clips[i].subject for i in (*split.train, *split.val)}
    assert "a" not in used and len(used) >= 2
    assert "of subjects who show a novel class left out" in split.note
    with refused(SettingError, "class 'fear'", "base", "novel"):
        training_split(cache, DataSettings(classes=("angry", "fear"), novel=("fear",)))
