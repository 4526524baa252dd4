"""One person stays one person in splits, folds and other caches, however the name is spelt."""

import pytest
from crop_caches import write_cache
from refused import refused

from vidfer.build.merge import merge_caches
from vidfer.data.clip_labels import class_counts, labels_of, subjects_of
from vidfer.data.domains import training_domains
from vidfer.data.episodes import EpisodeSampler
from vidfer.data.folds import find_fold
from vidfer.data.settings import DataSettings, EpisodeSettings
from vidfer.data.splits import check_subjects_disjoint, novel_clips, split_clips
from vidfer.data.training_split import training_split
from vidfer.data.unlabelled_clips import with_unlabelled
from vidfer.errors import DataError, SettingError
from vidfer.names import name_key
from vidfer.store.reader import CropCache
from vidfer.store.verify import verify_cache

NFC, NFD = "z\xf6e", "zo\u0308e"
LABELS = ("happy", "sad", "fear")


def spelt_twice(people: int = 6, each: int = 6, **more) -> list[dict]:
    """Clips of people whose names are written in capitals in every second clip."""
    return [
        {"id": f"{p}_{i}", "label": LABELS[i % 3], "subject": ("ACTOR%04d", "actor%04d")[i % 2] % p, **more}
        for p in range(people)
        for i in range(each)
    ]


def of_people(cache: CropCache, clips) -> set[str]:
    return {name_key(cache.records[i].subject) for i in clips}


def test_a_divided_cache_has_nobody_on_two_sides(make_cache):
    cache = make_cache(spelt_twice())
    split = split_clips(cache, LABELS)
    parts = [of_people(cache, part) for part in (split.train, split.val, split.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 6 and all(parts)
    assert "'ACTOR0000' is taken for 'actor0000'" in split.note


def test_a_leak_between_official_splits_is_refused(make_cache):
    cache = make_cache(
        [
            {"id": "1", "label": "happy", "split": "train", "subject": "actor0001"},
            {"id": "2", "label": "sad", "split": "val", "subject": "actor0002"},
            {"id": "3", "label": "sad", "split": "test", "subject": "ACTOR0001"},
        ]
    )
    with refused(DataError, "actor0001", "train", "test", cache.path):
        split_clips(cache, ["happy", "sad"])
    with refused(DataError, "actor0001"):
        check_subjects_disjoint(cache, {"train": [0], "test": [2]})


def test_the_file_keeps_all_spellings_and_is_sound(make_cache):
    clips = spelt_twice(2, 2)
    cache = make_cache(clips)
    assert verify_cache(cache.path) == []
    assert [record.subject for record in cache.records] == [clip["subject"] for clip in clips]
    assert [clip.subject for clip in cache.clips] == ["actor0000"] * 2 + ["actor0001"] * 2
    assert len(cache.spelling_notes) == 1
    other = make_cache([clip | {"subject": clip["subject"].lower()} for clip in clips], name="plain.h5")
    assert other.clips is other.records and other.spelling_notes == ()


def test_labels_in_two_spellings_are_one_class(make_cache):
    names = ("Happy", "happy", NFD, NFC)
    cache = make_cache([{"id": str(i), "label": name} for i, name in enumerate(names)])
    assert class_counts(cache) == {"happy": 2, NFC: 2}
    assert labels_of(cache, range(4), [NFD, "HAPPY"]).tolist() == [1, 1, 0, 0]
    assert novel_clips(cache, [NFD.upper()]) == (2, 3)
    with refused(SettingError, "'HAPPY'", "base and a novel"):
        novel_clips(cache, ["HAPPY"], base=["happy"])
    with refused(SettingError, "'happy'", "twice"):
        split_clips(cache, ["happy", "HAPPY"])


def test_classes_may_be_named_in_any_spelling(make_cache):
    cache = make_cache([{**clip, "subject": None} for clip in spelt_twice(3, 6)])
    split = training_split(cache, DataSettings(classes=("Happy", "SAD"), novel=("FEAR",)))
    assert split.classes == ("happy", "sad")
    assert training_split(cache, DataSettings(novel=("FEAR",))).classes == ("happy", "sad")
    assert find_fold(cache, "1/3", ("HAPPY", "Sad")).held_out == find_fold(cache, "1/3", LABELS[:2]).held_out


def test_a_subject_is_left_out_by_any_spelling(make_cache):
    cache = make_cache(spelt_twice(3))
    for name in ("subject:ACTOR0001", "subject:actor0001", "subject:Actor0001", "2/loso"):
        fold = find_fold(cache, name, LABELS)
        assert (fold.of, fold.held_out) == (3, tuple(range(6, 12)))
    for number in (1, 2, 3):
        held_out = find_fold(cache, f"{number}/3", LABELS).held_out
        rest = {*range(len(cache))} - {*held_out}
        assert len(held_out) == 6 and not of_people(cache, held_out) & of_people(cache, rest)


def test_a_table_of_folds_finds_other_spellings_of_ids(make_cache, tmp_path):
    ids = (f"{NFD}/1.mp4", "b/2.mp4", "b/3.mp4")
    cache = make_cache([{"id": name, "label": "happy"} for name in ids])
    table = tmp_path / "folds.csv"
    table.write_text(f"id,fold\n{NFC}/1.mp4,1\nb\\2.mp4,2\nb/3.mp4,2\n", encoding="utf-8")
    # Ids are sorted: b/2, b/3, zoe/1.
    assert find_fold(cache, f"1/{table}", ["happy"]).held_out == (2,)
    assert find_fold(cache, f"2/{table}", ["happy"]).held_out == (0, 1)
    table.write_text("id,fold\nb/2.mp4,1\nb\\2.mp4,2\nb/3.mp4,2\n", encoding="utf-8")
    with refused(DataError, table, "'b/2.mp4'", "b\\2.mp4"):
        find_fold(cache, f"1/{table}", ["happy"])


def test_a_subject_of_a_novel_class_is_not_trained_on(make_cache):
    clips = [{"id": f"{i}", "label": LABELS[i % 2], "subject": f"p{i // 2}"} for i in range(16)]
    clips += [{"id": "99", "label": "fear", "subject": "P3"}]
    cache = make_cache(clips)
    split = training_split(cache, DataSettings(novel=("fear",)))
    assert "p3" not in of_people(cache, (*split.train, *split.val))


def test_another_cache_gives_nobody_who_is_measured(make_cache):
    labelled = [
        {
            "id": f"{i}",
            "label": ("happy", "sad")[i % 2],
            "split": ("train", "val")[i // 4],
            "subject": f"p{i // 2}",
        }
        for i in range(8)
    ]
    cache = make_cache(labelled)
    split = training_split(cache, DataSettings())
    other = make_cache(
        [{"id": f"x{i}", "subject": name, "status": "d"} for i, name in enumerate(("P0", "P2", "P3", NFD))],
        name="more.h5",
    )
    found = with_unlabelled(split, cache, other)
    assert [other.clips[i].subject for i in found.unlabelled] == ["P0", NFD]
    assert "'P0' is taken for 'p0'" in found.note and "cache.h5 and more.h5" in found.note
    novel = make_cache([{"id": "n", "label": "FEAR"}, {"id": "o", "status": "d"}], name="novel.h5")
    cache = make_cache([*labelled, {"id": "9", "label": "fear"}], name="with_novel.h5")
    split = training_split(cache, DataSettings(novel=("Fear",)))
    assert [novel.clips[i].id for i in with_unlabelled(split, cache, novel, ("Fear",)).unlabelled] == ["o"]


@pytest.mark.parametrize("name", ["ANN", "ann"])
def test_two_domains_do_not_train_on_and_measure_one_person(name, tmp_path):
    def cache(file: str, train: str, val: str, frames: str):
        clips = [
            {"id": f"{split}{label}{i}", "label": label, "split": split, "subject": who, "status": frames}
            for split, who in (("train", train), ("val", val))
            for label in ("happy", "sad")
            for i in range(3)
        ]
        write_cache(tmp_path / file, clips)
        return tmp_path / file

    paths = [cache("a.h5", "ann", "bob", "d"), cache("b.h5", "cy", name, "dd")]
    with refused(DataError, "'ann'", "a.h5", "b.h5"):
        training_domains(paths, DataSettings(), EpisodeSettings(ways=2, shots=1, queries=1))


def test_joined_caches_of_one_person(make_cache, tmp_path):
    clips = spelt_twice()
    odd, even = (make_cache(clips[k::2], name=f"{k}.h5") for k in (1, 0))
    assert odd.spelling_notes == even.spelling_notes == ()
    merge_caches([odd.path, even.path], tmp_path / "all.h5")
    cache = CropCache(tmp_path / "all.h5")
    split = split_clips(cache, LABELS)
    assert not of_people(cache, split.train) & of_people(cache, split.test)


def test_person_disjoint_episodes(make_cache):
    cache = make_cache(spelt_twice(5, 6))
    clips = range(len(cache))
    sampler = EpisodeSampler(
        labels_of(cache, clips, LABELS),
        ways=2, shots=2, queries=2, episodes=30, seed=0, subjects=subjects_of(cache, clips),
    )  # fmt: skip
    for episode in sampler:
        assert not of_people(cache, episode.support) & of_people(cache, episode.query)
