"""Episodes over several data sets (domains), each episode from one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from vidfer.crops import REGIONS
from vidfer.data.domains import Domain
from vidfer.data.episode_batches import training_episodes
from vidfer.data.episodes import Episode, EpisodeSampler
from vidfer.data.joined_clips import JoinedClips
from vidfer.data.settings import DataSettings, EpisodeSettings
from vidfer.data.split_datasets import training_clips


class DomainEpisodes:
    """Draws episodes that come from one domain each; episode ``i`` depends on ``(seed, i)`` alone.

    Every D episodes in a row come from the D domains in random order, so small and large domains count alike.
    Because the clips of an episode come from one data set, the look of a data set cannot give the class away
    (arXiv 2201.06781, and the protocol of its authors).

    Args:
        samplers: one for each domain, with the same ways, shots, queries and class numbers.
        sizes: number of clips of each domain. Positions in episodes are into the clips of all domains, end to
            end.
        episodes: number of episodes of one iteration.
        seed: of the order of the domains; 0 or more.

    Raises:
        ValueError: samplers of different kinds of episodes, or without a size.
    """

    def __init__(
        self, samplers: Sequence[EpisodeSampler], sizes: Sequence[int], *, episodes: int, seed: int
    ) -> None:
        tasks = {(one.ways, one.shots, one.queries) for one in samplers}
        if len(tasks) != 1 or len(samplers) != len(sizes):
            raise ValueError(
                f"all samplers must draw one kind of episode and have a size, not {tasks} and {sizes}"
            )
        ((self.ways, self.shots, self.queries),) = tasks
        self.samplers, self.episodes, self.seed = tuple(samplers), episodes, seed
        self._start = np.cumsum([0, *sizes])

    def __len__(self) -> int:
        return self.episodes

    def __iter__(self) -> Iterator[Episode]:
        return (self.episode(i) for i in range(self.episodes))

    def domain(self, i: int) -> int:
        """The domain of the episode with number ``i`` (0 or more)."""
        block, place = divmod(i, len(self.samplers))
        # The third number makes this seed differ from those of the episodes, which have two numbers. It must
        # not be 0, because NumPy fills up with zeros.
        return int(np.random.default_rng([self.seed, block, 1]).permutation(len(self.samplers))[place])

    def episode(self, i: int) -> Episode:
        """The episode with number ``i`` (0 or more, also beyond ``episodes``)."""
        domain = self.domain(i)
        episode, start = self.samplers[domain].episode(i), self._start[domain]
        return replace(episode, support=episode.support + start, query=episode.query + start)


def training_clips_of_domains(
    domains: Sequence[Domain],
    classes: Sequence[str],
    settings: DataSettings,
    *,
    seed: int,
    regions: Sequence[str] = REGIONS,
) -> JoinedClips:
    """The training clips of all domains, end to end.

    Args:
        domains, classes: from :func:`vidfer.data.domains.training_domains`; the order of the classes gives
            the class numbers.
        settings: number of frames, and who decodes the JPEGs.
        seed: of the random frames.
        regions: that the network looks at; the crops of the others stay black.
    """
    how = {"seed": seed, "regions": regions}
    return JoinedClips(
        [training_clips(one.cache, one.split.train, classes, settings, **how) for one in domains]
    )


def episodes_of_domains(
    clips: JoinedClips, classes: Sequence[str], settings: EpisodeSettings, *, seed: int
) -> DomainEpisodes:
    """Training episodes from one domain each.

    Args:
        clips: the training clips of all domains; positions in the episodes are into this data set.
        classes: names of the class numbers, the same in all domains.
        settings: kind and number of the episodes.
        seed: of the episodes and of the order of the domains.
    """
    samplers = [training_episodes(part, classes, settings, seed=seed) for part in clips.parts]
    sizes = [len(part) for part in clips.parts]
    return DomainEpisodes(samplers, sizes, episodes=settings.per_epoch, seed=seed)
