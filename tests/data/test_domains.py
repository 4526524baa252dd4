"""Which clips of several caches are trained on."""

from pathlib import Path

import numpy as np
import pytest
from crop_caches import write_cache
from refused import refused

from vidfer.data.domain_episodes import episodes_of_domains, training_clips_of_domains
from vidfer.data.domains import training_domains, with_unlabelled_of
from vidfer.data.settings import DataSettings, EpisodeSettings
from vidfer.errors import CacheError, DataError, SettingError

TASK = EpisodeSettings(ways=2, shots=1, queries=2, per_epoch=6)


def cache_of(path: Path, counts: dict[str, int], *, frames: int, people: str = "", size_px: int = 16) -> Path:
    """So many training clips of each class, two to validate on, and one of class novel in test.

    Crops depend on the number of a clip and on ``frames``.
    """
    path.parent.mkdir(exist_ok=True)
    clips = [
        {"id": f"{split}{label}{i}", "label": label, "split": split, "subject": f"{people}{split}{i}"}
        for label, count in counts.items()
        for split, n in (("train", count), ("val", 2))
        for i in range(n)
    ]
    clips.append({"id": "new", "label": "awed", "split": "test", "subject": f"{people}new"})
    write_cache(path, [clip | {"status": "d" * frames} for clip in clips], size_px=size_px)
    return path


@pytest.fixture
def one(tmp_path) -> Path:
    return cache_of(tmp_path / "one" / "faces.h5", {"happy": 3, "sad": 4, "calm": 2}, frames=2, people="a")


@pytest.fixture
def two(tmp_path) -> Path:
    return cache_of(tmp_path / "two" / "more.h5", {"fear": 5, "happy": 3}, frames=3, people="b")


def test_each_domain_has_its_own_classes_and_all_have_one_numbering(one, two):
    domains, classes = training_domains([one, two], DataSettings(), TASK)
    assert classes == ("fear", "happy", "sad")
    assert [domain.name for domain in domains] == ["faces", "more"]
    assert [domain.split.classes for domain in domains] == [("happy", "sad"), ("fear", "happy")]
    # Too few for an episode: neither trained nor validated on, and said so.
    assert "classes with fewer than 3 left out: calm 2" in domains[0].split.note
    labels = [domains[0].cache.clips[i].label for i in (*domains[0].split.train, *domains[0].split.val)]
    assert sorted({*labels}) == ["happy", "sad"]

    clips = training_clips_of_domains(domains, classes, DataSettings(), seed=0)
    assert [len(part) for part in clips.parts] == [len(domain.split.train) for domain in domains]
    episodes = episodes_of_domains(clips, classes, TASK, seed=3)
    known = np.array(
        [classes.index(domain.cache.clips[i].label) for domain in domains for i in domain.split.train]
    )
    start = len(domains[0].split.train)
    for i in range(8):
        episode = episodes.episode(i)
        assert {*episode.classes} == ({1, 2} if episodes.domain(i) == 0 else {0, 1})
        assert ((episode.query >= start) == (episodes.domain(i) == 1)).all()
        assert (known[episode.support] == episode.classes[episode.support_labels]).all()


def test_without_episodes_every_class_is_kept(one, two):
    domains, classes = training_domains([one, two], DataSettings())
    assert classes == ("calm", "fear", "happy", "sad")
    assert [domain.split.classes for domain in domains] == [("calm", "happy", "sad"), ("fear", "happy")]
    clips = training_clips_of_domains(domains, classes, DataSettings(), seed=0)
    assert clips.labels.tolist() == [
        classes.index(d.cache.clips[i].label) for d in domains for i in d.split.train
    ]
    assert domains[1].summary.startswith("more: 8 clips to train on, 4 to validate on (")


def test_named_classes_are_shared_out_to_those_who_have_them(one, two):
    domains, classes = training_domains([one, two], DataSettings(classes=("sad", "happy", "fear")), TASK)
    assert classes == ("sad", "happy", "fear")
    assert [domain.split.classes for domain in domains] == [("sad", "happy"), ("happy", "fear")]
    with refused(SettingError, "more.h5", "sad, calm", "--data.classes", "fear, happy"):
        training_domains([one, two], DataSettings(classes=("sad", "calm")), TASK)
    with refused(SettingError, "--data.novel joyful", "fear, happy"):
        training_domains([one, two], DataSettings(novel=("joyful",)), TASK)


def test_novel_classes_of_one_domain_are_no_base_classes_of_another(one, two):
    task = EpisodeSettings(ways=2, shots=1, queries=1)
    assert training_domains([one, two], DataSettings(), task)[1] == ("calm", "fear", "happy", "sad")
    named = DataSettings(novel=("awed",), classes=("sad", "happy"))
    assert training_domains([one], named, task)[1] == ("sad", "happy")
    with refused(SettingError, "class 'happy'", "--data.classes", "more.h5"):
        training_domains([one, two], DataSettings(novel=("fear",), classes=("happy", "sad")), task)


def test_files_of_one_name_are_told_apart_by_their_folders(one, tmp_path):
    other = cache_of(tmp_path / "b" / "faces.h5", {"fear": 5, "happy": 3}, frames=4, people="c")
    domains, _ = training_domains([one, other], DataSettings(), TASK)
    assert [domain.name for domain in domains] == [one.as_posix(), other.as_posix()]


def test_caches_that_do_not_fit_together(one, two, tmp_path):
    with refused(SettingError, "--cache", "faces.h5"):
        training_domains([one, two, one], DataSettings(), TASK)
    large = cache_of(tmp_path / "c" / "large.h5", {"fear": 5, "sad": 3}, frames=4, people="c", size_px=32)
    with refused(CacheError, "large.h5", "32 px", "faces.h5", "16 px"):
        training_domains([one, large], DataSettings(), TASK)
    with refused(SettingError, "--data.fold 1/3", "--cache"):
        training_domains([one, two], DataSettings(fold="1/3"), TASK)
    task = EpisodeSettings(ways=2, shots=1, queries=3)
    facts = ("2-way 1-shot", "3 queries", "2 classes with 4", "more.h5", "fear 5, happy 3", "--episodes.ways")
    with refused(DataError, *facts):
        training_domains([two], DataSettings(), task)


def test_nobody_is_trained_on_here_and_measured_there(one, two, tmp_path):
    # Same number and length, same crops: training clips of one are validation clips of the other.
    same_crops = cache_of(tmp_path / "d" / "crops.h5", {"fear": 9, "sad": 9}, frames=2, people="d")
    with refused(DataError, "clip 'train", "faces.h5", "crops.h5"):
        training_domains([one, same_crops], DataSettings(), TASK)
    person = cache_of(tmp_path / "e" / "person.h5", {"fear": 5, "sad": 5}, frames=4, people="a")
    training_domains([one, person], DataSettings(), TASK)  # the same people, split in the same way
    clips = [
        {"id": f"{label}{i}{split}", "label": label, "split": split, "subject": person}
        for label in ("fear", "sad")
        for split, people in (("train", ("x", "aval1", "y")), ("val", ("z", "w")))
        for i, person in enumerate(people)
    ]
    clash = write_cache(tmp_path / "clash.h5", [clip | {"status": "d" * 5} for clip in clips]).path
    with refused(DataError, "subject 'aval1'", "clash.h5", "faces.h5", "vidfer relabel"):
        training_domains([one, clash], DataSettings(), TASK)


def test_unlabelled_clips_of_people_who_are_measured_anywhere_are_left_out(tmp_path):
    """Clips of one number and status are copies: the status differs between the caches."""

    def cache(name: str, people: str, status: str, unlabelled: list[dict]) -> Path:
        clips = [
            {"id": f"{split}{label}", "label": label, "split": split, "subject": f"{people}{split}"}
            for label in ("happy", "sad")
            for split in ("train", "val")
        ]
        clips.append({"id": "new", "label": "awed", "split": None, "subject": f"{people}new"})
        clips += [one | {"split": "unlabelled"} for one in unlabelled]
        write_cache(tmp_path / name, [{"status": status} | clip for clip in clips], size_px=16)
        return tmp_path / name

    free = {"id": "free", "label": "awed", "subject": "nobody else"}
    one = cache("one.h5", "a", "dd", [free, {"id": "theirs", "label": None, "subject": "bval"}])
    two = cache(
        "two.h5",
        "b",
        "ddd",
        [
            {"id": "unknown", "label": None, "subject": None},
            {"id": "faceless", "label": None, "subject": None, "status": "mm"},
            {"id": "of a novel class", "label": None, "subject": "anew"},
        ],
    )
    domains, _ = training_domains([one, two], DataSettings(novel=("awed",)))
    found = with_unlabelled_of(domains, ("awed",))
    names = [[domain.cache.clips[i].id for i in domain.split.unlabelled] for domain in found]
    assert names == [["free"], ["unknown"]]
    assert "1 clips without a label, 1 more" in found[0].split.note
    assert "1 clips without a label, 2 more" in found[1].split.note
    assert [one.split.train for one in found] == [one.split.train for one in domains]
