"""Episodes over several data sets, each episode from one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from vidfer.data.episodes import Episode, EpisodeSampler


class DomainEpisodes:
    """Episodes of which each comes from one domain; episode ``i`` is a pure function of ``(seed, i)``.

    Of every D episodes one is of each of the D domains, in random order: domains of any size count alike.
    Drawing whole episodes from one data set keeps the look of a data set from giving the class away
    (arXiv 2201.06781, and the protocol of its authors).

    Args:
        samplers: one for each domain, with the same ways, shots and queries; class numbers mean the same in
            all.
        sizes: number of clips that each sampler has labels of. Positions in episodes are into the clips of
            all domains, end to end.
        episodes: how many an iteration gives.
        seed: of the order of the domains, any integer from 0.
    """

    def __init__(
        self, samplers: Sequence[EpisodeSampler], sizes: Sequence[int], *, episodes: int, seed: int
    ) -> None:
        tasks = {(one.ways, one.shots, one.queries) for one in samplers}
        if len(tasks) != 1 or len(samplers) != len(sizes):
            raise ValueError(f"samplers of one kind of episode, each with its size; not {tasks}, {sizes}")
        ((self.ways, self.shots, self.queries),) = tasks
        self.samplers, self.episodes, self.seed = tuple(samplers), episodes, seed
        self._start = np.cumsum([0, *sizes])

    def __len__(self) -> int:
        return self.episodes

    def __iter__(self) -> Iterator[Episode]:
        return (self.episode(i) for i in range(self.episodes))

    def domain(self, i: int) -> int:
        """Which domain the ``i``-th episode is from; any ``i`` from 0."""
        block, place = divmod(i, len(self.samplers))
        # A third number keeps this apart from the draws of the episodes, which are seeded by two; a zero
        # would not, as NumPy fills up with zeros.
        return int(np.random.default_rng([self.seed, block, 1]).permutation(len(self.samplers))[place])

    def episode(self, i: int) -> Episode:
        """The ``i``-th episode of this seed; any ``i`` from 0, also beyond ``episodes``."""
        domain = self.domain(i)
        episode, start = self.samplers[domain].episode(i), self._start[domain]
        return replace(episode, support=episode.support + start, query=episode.query + start)
