import numpy as np
import pytest

from vidfer.data.episodes import EpisodeSampler
from vidfer.errors import VidferError

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
    with pytest.raises(VidferError) as error:
        sampler(shots=3, class_names=names, source="cache/afew.h5")
    assert str(error.value) == (
        "class 'fear' has 5 clips; 3-shot episodes with 3 queries need 6 (cache/afew.h5)"
    )
    with pytest.raises(VidferError, match="class 'fear' has 1 clip with a face; 2-shot episodes need 2"):
        faces = np.ones(len(LABELS), bool)
        faces[15:19] = False
        sampler(has_face=faces, class_names=names)
    with pytest.raises(VidferError, match=r"5-way episodes need 5 classes, but there are 4 .*cache/afew.h5"):
        sampler(ways=5, source="cache/afew.h5")
    with pytest.raises(VidferError, match="shots is 0"):
        sampler(shots=0)
    with pytest.raises(VidferError, match="ways is 1"):
        sampler(ways=1)
    with pytest.raises(VidferError, match="episodes is 0"):
        sampler(episodes=0)


def test_the_episodes_of_a_seed_stay_what_they_are():
    """Result files name theirs by seed and number, and are to be held against those of later versions."""
    episode = EpisodeSampler(
        [0] * 6 + [1] * 7 + [2] * 8, ways=2, shots=2, queries=2, episodes=1, seed=5
    ).episode(3)
    found = [part.tolist() for part in (episode.support, episode.query, episode.classes)]
    assert found == [[18, 20, 10, 6], [13, 19, 7, 11], [2, 1]]


def test_nobody_is_asked_for_who_is_an_example_and_nobody_else_is_left_out():
    people = np.array([f"p{i % 7}" for i in range(len(LABELS))])
    asked = set()
    faces = np.arange(len(LABELS)) != 8
    for episode in sampler(queries=1, episodes=400, people=people, has_face=faces):
        assert not {*people[episode.support]} & {*people[episode.query]}
        assert (LABELS[episode.query] == episode.classes[episode.query_labels]).all()
        asked |= set(episode.query.tolist())
    assert asked == set(np.flatnonzero(LABELS >= 0).tolist())  # also the one without a face
    same = [sampler(people=range(len(LABELS))).episode(i).support.tolist() for i in range(9)]
    assert same == [sampler().episode(i).support.tolist() for i in range(9)]


def test_classes_of_too_few_people_are_named():
    people = np.where(LABELS == 2, "p", np.arange(len(LABELS)).astype(str))
    names = ["angry", "disgust", "fear", "sad"]
    with pytest.raises(VidferError) as error:
        list(sampler(people=people, class_names=names, source="c.h5"))
    assert str(error.value) == (
        "class 'fear' is of one person alone, so that no query of it is of another one than the examples; "
        "leave it open whose the queries are (c.h5)"
    )
    people = np.where(np.arange(len(LABELS)) % 2 == 0, "p", "q")
    with pytest.raises(
        VidferError, match=r"class '.*' has too few clips of people who are not among the 3 examples"
    ):
        list(sampler(people=people, shots=1, queries=4))
    # Three people, who often are all among nine examples: some are kept for the queries.
    three = np.arange(60) % 3
    tasks = EpisodeSampler(
        np.arange(60) // 20, ways=3, shots=3, queries=1, episodes=400, seed=0, people=three
    )
    for episode in tasks:
        assert not {*three[episode.support]} & {*three[episode.query]}
    # One draw in which the others happen to be examples is drawn again.
    people = np.where(LABELS == 2, np.where(np.arange(len(LABELS)) % 5 == 1, "q", "p"), "other")
    people[LABELS != 2] = np.arange((LABELS != 2).sum()).astype(str)
    for episode in sampler(people=people, shots=1, queries=1, episodes=200):
        assert not {*people[episode.support]} & {*people[episode.query]}
