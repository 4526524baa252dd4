import numpy as np

from vidfer.data.episodes import EpisodeSampler
from vidfer.evaluate.episodes import draw_episodes

LABELS = np.repeat(np.arange(4), 6)
IDS = [f"{i}.mp4" for i in range(len(LABELS))]


def drawn(**changes):
    task = {"ways": 3, "shots": 2, "queries": 1, "episodes": 10, "seed": 0} | changes
    return draw_episodes(EpisodeSampler(LABELS, **task))


def test_they_are_those_of_the_sampler():
    sampler = EpisodeSampler(LABELS, ways=3, shots=2, queries=1, episodes=10, seed=0)
    episodes = drawn()
    assert len(episodes) == 10
    for i, episode in enumerate(sampler):
        assert episodes.support[i].tolist() == episode.support.tolist()
        assert episodes.query[i].tolist() == episode.query.tolist()
        assert episodes.classes[i].tolist() == episode.classes.tolist()
        assert episodes.support_labels.tolist() == episode.support_labels.tolist()


def test_the_hash_is_of_the_episodes_and_of_the_clips():
    first = drawn().hash(IDS)
    assert first == drawn().hash(IDS) and len(first) == 64
    others = [
        drawn(seed=1).hash(IDS),
        drawn(episodes=9).hash(IDS),
        drawn(shots=1).hash(IDS),
        drawn(queries=2).hash(IDS),
        drawn().hash([*IDS[:-1], "x.mp4"]),
    ]
    assert len({first, *others}) == 6
