import numpy as np
from refused import refused

from vidfer.data.episodes import EpisodeSampler
from vidfer.errors import DataError, SettingError

LABELS = np.array([0] * 6 + [1] * 9 + [2] * 5 + [-1] * 3 + [3] * 7)


def sampler(**changes) -> EpisodeSampler:
    return EpisodeSampler(
        LABELS, **({"ways": 3, "shots": 2, "queries": 3, "episodes": 40, "seed": 0} | changes)
    )


def test_episodes_are_valid():
    seen = set()
    for episode in sampler():
        assert len(np.unique(episode.classes)) == 3
        assert episode.support_labels.tolist() == [0, 0, 1, 1, 2, 2]
        assert episode.query_labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
        everything = np.concatenate([episode.support, episode.query])
        assert len(np.unique(everything)) == len(everything)  # no clip twice, none in both
        assert (LABELS[episode.support] == episode.classes[episode.support_labels]).all()
        assert (LABELS[episode.query] == episode.classes[episode.query_labels]).all()
        seen |= set(everything.tolist())
    assert seen == set(np.flatnonzero(LABELS >= 0).tolist())  # every labelled clip gets its turn, no other


def test_an_episode_depends_on_seed_and_number_alone():
    def flat(episode):
        return [*episode.support, *episode.query, *episode.classes]

    forward = [flat(e) for e in sampler()]
    fresh = sampler(episodes=1)
    assert [flat(fresh.episode(i)) for i in reversed(range(40))] == forward[::-1]
    assert forward[0] != forward[1]
    assert flat(sampler(seed=1).episode(0)) != forward[0]
    assert len(sampler()) == 40


def test_a_clip_without_a_face_is_asked_for_but_is_no_example():
    faces = np.ones(len(LABELS), bool)
    faces[[0, 1, 7]] = False
    asked = set()
    for episode in sampler(has_face=faces, episodes=200):
        assert faces[episode.support].all()
        asked |= set(episode.query.tolist())
    assert {0, 1, 7} <= asked


def test_every_clip_of_a_class_is_asked_for_about_equally_often():
    counts = np.zeros(len(LABELS))
    for episode in sampler(ways=4, episodes=3000):
        counts[episode.query] += 1
    for number in range(4):
        mine = counts[number == LABELS]
        assert mine.std() / mine.mean() < 0.06


def test_too_few_clips_are_named_with_class_count_and_need():
    names = ["angry", "disgust", "fear", "sad"]
    with refused(DataError, "class 'fear'", "5 clips", "3-shot", "3 queries", "need 6", "cache/afew.h5"):
        sampler(shots=3, class_names=names, source="cache/afew.h5")
    with refused(DataError, "class 'fear'", "1 clip with a face", "2-shot"):
        faces = np.ones(len(LABELS), bool)
        faces[15:19] = False
        sampler(has_face=faces, class_names=names)
    with refused(DataError, "5-way", "5 classes", "are 4", "cache/afew.h5"):
        sampler(ways=5, source="cache/afew.h5")
    with refused(SettingError, "shots is 0"):
        sampler(shots=0)
    with refused(SettingError, "ways is 1"):
        sampler(ways=1)
    with refused(SettingError, "episodes is 0"):
        sampler(episodes=0)


def test_the_episodes_of_a_seed_stay_what_they_are():
    """Result files name theirs by seed and number, and are to be held against those of later versions."""
    episode = EpisodeSampler(
        [0] * 6 + [1] * 7 + [2] * 8, ways=2, shots=2, queries=2, episodes=1, seed=5
    ).episode(3)
    found = [part.tolist() for part in (episode.support, episode.query, episode.classes)]
    assert found == [[18, 20, 10, 6], [13, 19, 7, 11], [2, 1]]


def test_queries_show_other_subjects_than_the_support_and_all_of_them():
    people = np.array([f"p{i % 7}" for i in range(len(LABELS))])
    asked = set()
    faces = np.arange(len(LABELS)) != 8
    for episode in sampler(queries=1, episodes=400, subjects=people, has_face=faces):
        assert not {*people[episode.support]} & {*people[episode.query]}
        assert (LABELS[episode.query] == episode.classes[episode.query_labels]).all()
        asked |= set(episode.query.tolist())
    assert asked == set(np.flatnonzero(LABELS >= 0).tolist())  # also the one without a face
    same = [sampler(subjects=range(len(LABELS))).episode(i).support.tolist() for i in range(9)]
    assert same == [sampler().episode(i).support.tolist() for i in range(9)]


def test_classes_of_too_few_subjects_are_named():
    people = np.where(LABELS == 2, "p", np.arange(len(LABELS)).astype(str))
    names = ["angry", "disgust", "fear", "sad"]
    with refused(DataError, "class 'fear'", "one subject", "person-disjoint", "c.h5"):
        list(sampler(subjects=people, class_names=names, source="c.h5"))
    people = np.where(np.arange(len(LABELS)) % 2 == 0, "p", "q")
    with refused(DataError, "too few clips", "3 support clips", "person-disjoint"):
        list(sampler(subjects=people, shots=1, queries=4))
    # Three people, who often are all among nine examples: some are kept for the queries.
    three = np.arange(60) % 3
    tasks = EpisodeSampler(
        np.arange(60) // 20, ways=3, shots=3, queries=1, episodes=400, seed=0, subjects=three
    )
    for episode in tasks:
        assert not {*three[episode.support]} & {*three[episode.query]}
    # One draw in which the others happen to be examples is drawn again.
    people = np.where(LABELS == 2, np.where(np.arange(len(LABELS)) % 5 == 1, "q", "p"), "other")
    people[LABELS != 2] = np.arange((LABELS != 2).sum()).astype(str)
    for episode in sampler(subjects=people, shots=1, queries=1, episodes=200):
        assert not {*people[episode.support]} & {*people[episode.query]}
