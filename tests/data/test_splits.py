import random

import pytest
from refused import refused

from vidfer.build.label_table import read_label_table
from vidfer.build.relabel import relabel_cache
from vidfer.data.clip_labels import class_counts, labels_of
from vidfer.data.splits import check_subjects_disjoint, novel_clips, split_clips
from vidfer.errors import DataError, SettingError
from vidfer.store.reader import CropCache


def clip(n: int, label=None, split=None, subject=None) -> dict:
    return {"id": f"{n:04d}.mp4", "label": label, "split": split, "subject": subject, "status": "d"}


def official() -> list[dict]:
    """Indices: 0-3 train, 4-5 val, 6-7 test, 8 novel test, 9 unlabelled, 10 unlabelled with a label."""
    return [
        clip(0, "happy", "train", "p0"),
        clip(1, "sad", "train", "p0"),
        clip(2, "happy", "train", "p1"),
        clip(3, "sad", "train", "p1"),
        clip(4, "happy", "val", "p2"),
        clip(5, "sad", "val", "p3"),
        clip(6, "happy", "test", "p4"),
        clip(7, "sad", "test", "p4"),
        clip(8, "fear", "test", "p4"),
        clip(9, None, "unlabelled", "p0"),
        clip(10, "sad", "unlabelled", "p9"),
    ]


def by_subject(subjects: int, clips_each: int = 4, unknown: bool = False) -> list[dict]:
    labels = ("happy", "sad", "fear")
    return [
        clip(s * clips_each + k, labels[(s + k) % 3], None, None if unknown else f"p{s}")
        for s in range(subjects)
        for k in range(clips_each)
    ]


def subjects(cache, clips) -> set:
    return {cache.clips[i].subject for i in clips}


def test_official_splits_hold(make_cache):
    split = split_clips(make_cache(official()), ["happy", "sad"])
    assert (split.train, split.val, split.test) == ((0, 1, 2, 3), (4, 5), (6, 7))
    assert split.unlabelled == (9, 10)
    assert split.classes == ("happy", "sad")
    assert split.note == "official splits"


def test_labels_of_the_unlabelled_split_are_never_looked_at(make_cache):
    with_label = make_cache(official())
    without = make_cache([*official()[:10], clip(10, None, "unlabelled", "p9")], name="without.h5")
    assert class_counts(with_label) == class_counts(without) == {"fear": 1, "happy": 4, "sad": 4}
    assert split_clips(with_label, ["happy", "sad"]) == split_clips(without, ["happy", "sad"])
    with refused(DataError, "clip '0010.mp4'", "no label", "happy, sad"):
        labels_of(with_label, [10], ["happy", "sad"])
    secret = make_cache([*official()[:10], clip(10, "disgust", "unlabelled", "p9")], name="secret.h5")
    with refused(SettingError, "class 'disgust'", "secret.h5"):
        split_clips(secret, ["disgust"])


def test_a_missing_val_is_taken_from_train_by_subject(make_cache):
    clips = [clip(i, ("happy", "sad")[i % 2], "train", f"p{i // 4}") for i in range(40)]
    clips += [clip(40, "happy", "test", "q"), clip(41, "sad", "test", "q")]
    clips += [clip(42 + s, None, "unlabelled", f"p{s}") for s in range(10)]
    cache = make_cache(clips)
    split = split_clips(cache, ["happy", "sad"], val_fraction=0.2)
    assert len(split.val) == 8
    assert len(split.train) == 32
    assert split.test == (40, 41)
    assert not subjects(cache, split.val) & subjects(cache, split.train)
    assert not subjects(cache, split.val) & subjects(cache, split.unlabelled)
    assert len(split.unlabelled) == 8
    assert "no official val: 20% of train is taken for it, by subject" in split.note
    assert "2 unlabelled clips of val or test are not used" in split.note


def test_what_an_official_split_lacks_is_said(make_cache):
    cache = make_cache([c for c in official() if c["split"] != "test"])
    split = split_clips(cache, ["happy", "sad"])
    assert split.test == ()
    assert split.note == "official splits; no labelled test clips of these classes"
    clips = [clip(0, "happy", "train"), clip(1, "happy", "val"), clip(2, "happy"), clip(3, None, "test")]
    split = split_clips(make_cache(clips, name="b.h5"), ["happy"])
    assert split.train == (0, 2)
    assert "1 labelled clips without a split go to train" in split.note
    assert split.unlabelled == ()  # footage of the test split is never trained on


def test_without_official_splits_subjects_are_divided(make_cache):
    cache = make_cache(by_subject(20))
    split = split_clips(cache, ["happy", "sad", "fear"], val_fraction=0.15)
    parts = (split.train, split.val, split.test)
    assert [len(p) for p in parts] == [56, 12, 12]
    assert sorted(i for p in parts for i in p) == list(range(80))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not subjects(cache, parts[one]) & subjects(cache, parts[other])
    for part in parts[1:]:  # every class has about its share
        assert all(3 <= sum(cache.clips[i].label == c for i in part) <= 5 for c in split.classes)
    assert split.note == "no official splits: divided by subject, into train 70%, val 15%, test 15%"


def test_the_division_depends_on_the_seed_not_on_the_order(make_cache):
    clips = by_subject(20)
    cache = make_cache(clips)
    names = ["happy", "sad", "fear"]
    split = split_clips(cache, names)
    assert split_clips(cache, names) == split
    assert split_clips(cache, names, seed=1).val != split.val
    random.Random(0).shuffle(clips)
    # The store sorts by id, so turn the ids round to meet the clips in another order.
    turned = make_cache([c | {"id": f"{c['subject']}/{c['id']}"} for c in clips], name="turned.h5")
    assert subjects(turned, split_clips(turned, names).val) == subjects(cache, split.val)


def test_unknown_subjects_are_divided_by_clip_and_said(make_cache):
    split = split_clips(make_cache(by_subject(10, unknown=True)), ["happy", "sad", "fear"])
    assert len(split.train) + len(split.val) + len(split.test) == 40
    assert all(len(part) >= 5 for part in (split.val, split.test))
    assert "divided by clip, because the subjects are not known" in split.note
    some = by_subject(10)
    some[0]["subject"] = None
    split = split_clips(make_cache(some, name="some.h5"), ["happy", "sad", "fear"])
    assert "by subject, but 1 of 40 clips by clip" in split.note


def test_unlabelled_clips_of_held_out_subjects_step_aside(make_cache):
    clips = by_subject(10) + [clip(100 + s, None, None, f"p{s}") for s in range(12)]
    cache = make_cache(clips)
    split = split_clips(cache, ["happy", "sad", "fear"])
    held_out = subjects(cache, split.val) | subjects(cache, split.test)
    assert held_out
    assert not held_out & subjects(cache, split.unlabelled)
    assert len(split.unlabelled) == 12 - len(held_out)
    assert f"{len(held_out)} unlabelled clips of val or test are not used" in split.note


def test_two_people_cannot_be_divided_into_three(make_cache):
    with refused(DataError, "8 labelled clips", "2 subjects", "train, val, test"):
        split_clips(make_cache(by_subject(2)), ["happy", "sad", "fear"])
    split = split_clips(make_cache(by_subject(3), name="three.h5"), ["happy", "sad", "fear"])
    assert all((split.train, split.val, split.test))


def test_one_person_is_divided_after_the_subjects_are_left_out_as_the_message_says(make_cache, tmp_path):
    cache = make_cache(by_subject(1, clips_each=12))
    classes = ["happy", "sad", "fear"]
    with refused(
        DataError, "12 labelled clips", "p0", f"vidfer relabel {cache.path} --table", "id", "subject"
    ):
        split_clips(cache, classes)
    table = tmp_path / "nobody.csv"
    table.write_text("id,subject\n" + "".join(f"{clip.id},\n" for clip in cache.clips))
    relabel_cache(cache, read_label_table(table), tmp_path / "nobody.h5")
    split = split_clips(CropCache(tmp_path / "nobody.h5"), classes)
    assert all((split.train, split.val, split.test))
    assert sorted((*split.train, *split.val, *split.test)) == list(range(12))


def test_clips_without_subjects_need_more_clips_not_people(make_cache):
    with refused(DataError, "2 labelled clips", "train, val, test", "add clips"):
        split_clips(make_cache(by_subject(1, clips_each=2, unknown=True)), ["happy", "sad"])


def test_few_clips_of_one_person_are_not_sent_to_relabel(make_cache):
    with pytest.raises(DataError) as caught:
        split_clips(make_cache(by_subject(1, clips_each=2)), ["happy", "sad"])
    assert "relabel" not in str(caught.value) and "add clips" in str(caught.value)


@pytest.mark.parametrize(
    ("first", "second", "leak"),
    [("train", "val", True), ("train", "test", True), ("val", "test", True), ("unlabelled", "test", True),
     ("unlabelled", "val", True), ("unlabelled", "train", False)],
)  # fmt: skip
def test_a_subject_in_two_official_splits_is_named(make_cache, first, second, leak):
    clips = [*official(), clip(20, "happy", first, "eve"), clip(21, "happy", second, "eve")]
    cache = make_cache(clips)
    if not leak:
        assert split_clips(cache, ["happy", "sad"])
        return
    with refused(DataError, "subject 'eve'", "0020.mp4", "0021.mp4", first, second, "cache.h5"):
        split_clips(cache, ["happy", "sad"])


def test_leaks_between_any_parts_can_be_checked(make_cache):
    cache = make_cache(official())
    check_subjects_disjoint(cache, {"train": [0, 1], "novel": [8]})
    with refused(DataError, "subject 'p4'", "novel", "test", "0008.mp4", "0006.mp4", "0007.mp4"):
        check_subjects_disjoint(cache, {"novel": [8], "test": [6, 7]})
    with refused(DataError, "clip '0001.mp4'", "train", "val"):
        check_subjects_disjoint(cache, {"train": [0, 1], "val": [1]})


def test_novel_clips_are_those_of_novel_classes(make_cache):
    cache = make_cache([*official(), clip(30, "fear", "train", "p0"), clip(31, "fear", "unlabelled", "p8")])
    assert novel_clips(cache, ["fear"], base=["happy", "sad"]) == (8, 11)
    assert novel_clips(cache, ["fear"], split="test") == (8,)
    with refused(SettingError, "class 'sad'", "base", "novel"):
        novel_clips(cache, ["fear", "sad"], base=["happy", "sad"])


def test_labels_are_places_in_the_list_of_classes(make_cache):
    cache = make_cache(official())
    assert labels_of(cache, [0, 1, 8], ["fear", "sad", "happy"]).tolist() == [2, 1, 0]
    with refused(DataError, "clip '0008.mp4'", "label 'fear'", "happy, sad"):
        labels_of(cache, [8], ["happy", "sad"])


def test_wrong_class_names_are_answered_with_the_right_ones(make_cache):
    cache = make_cache(official())
    with refused(SettingError, "class 'joy'", cache.path, "fear 1, happy 4, sad 4"):
        split_clips(cache, ["happy", "joy"])
    with refused(SettingError, "class 'happy'", "twice"):
        split_clips(cache, ["happy", "happy"])
    with refused(SettingError, "no class", cache.path):
        split_clips(cache, [])
    with refused(SettingError, "val_fraction is 0.6"):
        split_clips(cache, ["happy"], val_fraction=0.6)
