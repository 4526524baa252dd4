"""Few-shot episodes: small classification tasks drawn from labelled clips."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from vidfer.errors import VidferError

ATTEMPTS = 100
"""How often examples and queries are drawn, if need be, until no query is of a person among the examples."""


@dataclass(frozen=True)
class Episode:
    """One task. Positions are into the labels given to the sampler; everything is ordered by class."""

    support: np.ndarray
    """(N·K,) positions of the examples."""
    query: np.ndarray
    """(N·Q,) positions of the clips to recognise; none of them is in ``support``."""
    support_labels: np.ndarray
    """(N·K,) 0..N-1."""
    query_labels: np.ndarray
    """(N·Q,) 0..N-1."""
    classes: np.ndarray
    """(N,) the class number behind each label."""


class EpisodeSampler:
    """N-way K-shot episodes; episode ``i`` is a pure function of ``(seed, i)``.

    Args:
        labels: class number of every clip; negative numbers are never drawn.
        ways, shots, queries: N classes an episode, K support and Q query clips per class.
        episodes: how many an iteration gives.
        seed: any integer from 0.
        has_face: (M,) bool. A clip without a face cannot be an example, but it can be asked for: leaving it
            out would flatter the accuracy. None means that all have one.
        people: (M,) if given, no query is of a person who is among the examples of its episode.
        class_names: name of every class number, for messages.
        source: where the clips come from (the cache file), for messages.

    Raises:
        VidferError: fewer classes than ways, or a class with too few clips, also of other people; of these
            :meth:`episode` may find too few where there are more classes than ways.
    """

    def __init__(
        self,
        labels: Sequence[int] | np.ndarray,
        *,
        ways: int,
        shots: int,
        queries: int,
        episodes: int,
        seed: int,
        has_face: Sequence[bool] | np.ndarray | None = None,
        people: Sequence[Hashable] | None = None,
        class_names: Sequence[str] | None = None,
        source: object = "the given clips",
    ):
        for name, value, least in (("ways", ways, 2), ("shots", shots, 1), ("queries", queries, 1)):
            if value < least:
                raise VidferError(f"{name} is {value}; an episode needs at least {least}")
        if episodes < 1:
            raise VidferError(f"episodes is {episodes}; give at least 1")
        self.ways, self.shots, self.queries, self.episodes, self.seed = ways, shots, queries, episodes, seed
        self.class_names, self.source = class_names, source
        self._person = None if people is None else np.unique(np.asarray(people), return_inverse=True)[1]
        labels = np.asarray(labels)
        faces = np.ones(len(labels), dtype=bool) if has_face is None else np.asarray(has_face, dtype=bool)
        self.classes = np.unique(labels[labels >= 0])
        if len(self.classes) < ways:
            raise VidferError(
                f"{ways}-way episodes need {ways} classes, but there are {len(self.classes)} to draw from "
                f"({source}); name more classes, or ask for fewer ways"
            )
        self._with_face, self._without_face = [], []
        need = shots + queries
        for number in self.classes:
            name = self._name(number)
            with_face = np.flatnonzero((labels == number) & faces)
            without_face = np.flatnonzero((labels == number) & ~faces)
            count = len(with_face) + len(without_face)
            if count < need:
                raise VidferError(
                    f"class '{name}' has {count} {_clips(count)}; {shots}-shot episodes with {queries} "
                    f"{'query' if queries == 1 else 'queries'} need {need} ({source})"
                )
            if len(with_face) < shots:
                raise VidferError(
                    f"class '{name}' has {len(with_face)} {_clips(len(with_face))} with a face; {shots}-shot "
                    f"episodes need {shots} ({source})"
                )
            if self._person is not None and len({*self._person[labels == number]}) == 1:
                raise VidferError(
                    f"class '{name}' is of one person alone, so that no query of it is of another one than "
                    f"the examples; leave it open whose the queries are ({source})"
                )
            self._with_face.append(with_face)
            self._without_face.append(without_face)
        if people is not None:
            self.episode(0)

    def __len__(self) -> int:
        return self.episodes

    def __iter__(self) -> Iterator[Episode]:
        return (self.episode(i) for i in range(self.episodes))

    def episode(self, i: int) -> Episode:
        """The ``i``-th episode of this seed; any ``i`` from 0, also beyond ``episodes``."""
        rng = np.random.default_rng([self.seed, i])
        chosen = rng.choice(len(self.classes), size=self.ways, replace=False)
        support, query = self._draw(rng, chosen) if self._person is None else self._of_others(rng, chosen)
        return Episode(
            support=np.concatenate(support),
            query=np.concatenate(query),
            support_labels=np.repeat(np.arange(self.ways), self.shots),
            query_labels=np.repeat(np.arange(self.ways), self.queries),
            classes=self.classes[chosen],
        )

    def _draw(
        self, rng: np.random.Generator, chosen: np.ndarray, preferred: np.ndarray | None = None
    ) -> tuple[list, list]:
        """Examples and queries, class by class; ``preferred`` (people,) bool are examples as far as they can,
        and the queries are all clips of people who are none."""
        support, query, rests = [], [], []
        for number in chosen:
            faces = rng.permutation(self._with_face[number])
            if preferred is not None:
                faces = faces[np.argsort(~preferred[self._person[faces]], kind="stable")]
            support.append(faces[: self.shots])
            rests.append(np.concatenate([faces[self.shots :], self._without_face[number]]))
            query.append(rng.choice(rests[-1], size=self.queries, replace=False))
        if self._person is not None:
            shown = self._person[np.concatenate(support)]
            query = [rest[~np.isin(self._person[rest], shown)] for rest in rests]
        return support, query

    def _of_others(self, rng: np.random.Generator, chosen: np.ndarray) -> tuple[list, list]:
        """The same with queries of other people. Where that fails, as with few people, some are kept for the
        examples and the others for the queries."""
        for attempt in range(ATTEMPTS):
            preferred = None
            if attempt >= ATTEMPTS // 2:
                preferred = rng.random(self._person.max() + 1) < rng.random()
            support, query = self._draw(rng, chosen, preferred)
            short = [number for number, rest in zip(chosen, query) if len(rest) < self.queries]
            if not short:
                return support, [rng.choice(rest, size=self.queries, replace=False) for rest in query]
        name = self._name(self.classes[short[0]])
        raise VidferError(
            f"class '{name}' has too few clips of people who are not among the {self.ways * self.shots} "
            f"examples of an episode; ask for fewer ways, shots or queries, or leave it open whose the "
            f"queries are ({self.source})"
        )

    def _name(self, number: int) -> str:
        return self.class_names[number] if self.class_names is not None else str(number)


def _clips(count: int) -> str:
    return "clip" if count == 1 else "clips"
