"""Episodes of several domains: one each, reproducible, in balance."""

import numpy as np
import pytest

from vidfer.data.domain_episodes import DomainEpisodes
from vidfer.data.episodes import EpisodeSampler

# Three domains with classes 0 to 2, 1 to 3, and 0 and 3.
LABELS = [np.repeat([0, 1, 2], 5), np.repeat([1, 2, 3], 6), np.repeat([0, 3], 9)]
TASK = {"ways": 2, "shots": 2, "queries": 2}


def sampler_of(labels, seed=0, **task) -> EpisodeSampler:
    return EpisodeSampler(labels, episodes=6, seed=seed, **(TASK | task))


def domains(count=3, seed=0) -> DomainEpisodes:
    chosen = LABELS[:count]
    return DomainEpisodes(
        [sampler_of(one, seed) for one in chosen], [len(one) for one in chosen], episodes=6, seed=seed
    )


def test_every_episode_is_from_one_domain_with_its_own_labels():
    episodes, labels = domains(), np.concatenate(LABELS)
    domain_of = np.repeat([0, 1, 2], [len(one) for one in LABELS])
    for i in range(60):
        episode = episodes.episode(i)
        assert {*domain_of[[*episode.support, *episode.query]]} == {episodes.domain(i)}
        assert not {*episode.support} & {*episode.query}
        assert labels[episode.support].tolist() == episode.classes[episode.support_labels].tolist()
        assert labels[episode.query].tolist() == episode.classes[episode.query_labels].tolist()


def test_domains_are_in_balance_and_in_random_order():
    episodes = domains()
    order = [episodes.domain(i) for i in range(300)]
    blocks = [tuple(order[i : i + 3]) for i in range(0, 300, 3)]
    assert all(sorted(block) == [0, 1, 2] for block in blocks)
    assert len(set(blocks)) == 6  # all orders occur
    assert order != [domains(seed=1).domain(i) for i in range(300)]


def test_an_episode_is_a_pure_function_of_seed_and_number():
    in_order = [(episode.support.tolist(), episode.query.tolist()) for episode in domains()]
    for i in (5, 0, 3):
        alone, other = domains().episode(i), domains(seed=1).episode(i)
        assert (alone.support.tolist(), alone.query.tolist()) == in_order[i]
        assert alone.support.tolist() != other.support.tolist()


def test_a_single_domain_gives_the_episodes_of_its_sampler():
    for one, plain in zip(domains(1), sampler_of(LABELS[0]), strict=True):
        assert one.support.tolist() == plain.support.tolist()
        assert one.query.tolist() == plain.query.tolist()


def test_domains_have_episodes_of_one_kind():
    with pytest.raises(ValueError, match="one kind of episode"):
        DomainEpisodes([sampler_of(LABELS[0]), sampler_of(LABELS[1], shots=1)], [15, 18], episodes=2, seed=0)
