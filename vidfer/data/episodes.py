"""Few-shot episodes: small classification tasks drawn from labelled clips."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from vidfer.errors import DataError, SettingError

ATTEMPTS = 100
"""How often a person-disjoint episode is drawn before it counts as impossible."""


@dataclass(frozen=True)
class Episode:
    """One task. Positions are into the labels given to the sampler; all arrays are ordered by class."""

    support: np.ndarray
    """(N·K,) positions of the support clips."""
    query: np.ndarray
    """(N·Q,) positions of the query clips, which are never in ``support``."""
    support_labels: np.ndarray
    """(N·K,) 0..N-1."""
    query_labels: np.ndarray
    """(N·Q,) 0..N-1."""
    classes: np.ndarray
    """(N,) the class number behind each label."""


class EpisodeSampler:
    """Draws N-way K-shot episodes; episode ``i`` depends on ``(seed, i)`` alone.

    Args:
        labels: class number of each of M clips; clips with a negative number are never drawn.
        ways, shots, queries: N classes per episode, K support clips and Q query clips per class.
        episodes: number of episodes of one iteration.
        seed: 0 or more.
        has_face: (M,) bool; None means that all clips have a face. A clip without a face is never a support
            clip. It can be a query clip: without such clips the accuracy would look too good.
        subjects: (M,) who is in each clip. If given, episodes are person-disjoint: no query clip shows a
            subject of a support clip.
        class_names: name of each class number, for messages.
        source: where the clips come from (the cache file), for messages.

    Raises:
        SettingError: a size that is too small.
        DataError: fewer classes than ways, or a class with too few clips or subjects. With more classes than
            ways, :meth:`episode` may also find that a person-disjoint episode is impossible.
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
        subjects: Sequence[Hashable] | None = None,
        class_names: Sequence[str] | None = None,
        source: object = "the given clips",
    ):
        for name, value, least in (("ways", ways, 2), ("shots", shots, 1), ("queries", queries, 1)):
            if value < least:
                raise SettingError(f"{name} is {value}; an episode needs at least {least}")
        if episodes < 1:
            raise SettingError(f"episodes is {episodes}; give at least 1")
        self.ways, self.shots, self.queries, self.episodes, self.seed = ways, shots, queries, episodes, seed
        self.class_names, self.source = class_names, source
        self._subject = None if subjects is None else np.unique(np.asarray(subjects), return_inverse=True)[1]
        labels = np.asarray(labels)
        faces = np.ones(len(labels), dtype=bool) if has_face is None else np.asarray(has_face, dtype=bool)
        self.classes = np.unique(labels[labels >= 0])
        if len(self.classes) < ways:
            raise DataError(
                f"{ways}-way episodes need {ways} classes, but there are {len(self.classes)} to draw from "
                f"({source}); name more classes, or choose fewer ways"
            )
        self._with_face, self._without_face = [], []
        for number in self.classes:
            with_face = np.flatnonzero((labels == number) & faces)
            without_face = np.flatnonzero((labels == number) & ~faces)
            self._check_class(number, len(with_face), len(without_face))
            if self._subject is not None and len({*self._subject[labels == number]}) == 1:
                raise DataError(
                    f"all clips of class '{self._name(number)}' show one subject, so no episode can be "
                    f"person-disjoint; leave out the option for person-disjoint episodes ({source})"
                )
            self._with_face.append(with_face)
            self._without_face.append(without_face)
        if subjects is not None:
            self.episode(0)

    def _check_class(self, number: int, with_face: int, without_face: int) -> None:
        count, need = with_face + without_face, self.shots + self.queries
        if count < need:
            raise DataError(
                f"class '{self._name(number)}' has {counted(count, 'clip')}; {self.shots}-shot episodes "
                f"with {counted(self.queries, 'query', 'queries')} need {need} ({self.source})"
            )
        if with_face < self.shots:
            raise DataError(
                f"class '{self._name(number)}' has {counted(with_face, 'clip')} with a face; "
                f"{self.shots}-shot episodes need {self.shots} ({self.source})"
            )

    def __len__(self) -> int:
        return self.episodes

    def __iter__(self) -> Iterator[Episode]:
        return (self.episode(i) for i in range(self.episodes))

    def episode(self, i: int) -> Episode:
        """The episode with number ``i`` (0 or more, also beyond ``episodes``)."""
        rng = np.random.default_rng([self.seed, i])
        chosen = rng.choice(len(self.classes), size=self.ways, replace=False)
        draw = self._draw if self._subject is None else self._draw_person_disjoint
        support, query = draw(rng, chosen)
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
        """Support and query clips, class by class.

        Args:
            rng: of the episode.
            chosen: places of the classes in ``self.classes``.
            preferred: (subjects,) bool; clips of these subjects become support clips first.

        Returns:
            Support and query clips. For person-disjoint episodes the second list holds all clips that could
            be queries, not Q of them.
        """
        support, query, rests = [], [], []
        for number in chosen:
            faces = rng.permutation(self._with_face[number])
            if preferred is not None:
                faces = faces[np.argsort(~preferred[self._subject[faces]], kind="stable")]
            support.append(faces[: self.shots])
            rests.append(np.concatenate([faces[self.shots :], self._without_face[number]]))
            query.append(rng.choice(rests[-1], size=self.queries, replace=False))
        if self._subject is not None:
            shown = self._subject[np.concatenate(support)]
            query = [rest[~np.isin(self._subject[rest], shown)] for rest in rests]
        return support, query

    def _draw_person_disjoint(self, rng: np.random.Generator, chosen: np.ndarray) -> tuple[list, list]:
        """As :meth:`_draw`, with queries of other subjects than the support.

        A plain draw often fails where there are few subjects. Later attempts therefore divide the subjects at
        random: some for the support, the others for the queries.
        """
        for attempt in range(ATTEMPTS):
            preferred = None
            if attempt >= ATTEMPTS // 2:
                preferred = rng.random(self._subject.max() + 1) < rng.random()
            support, query = self._draw(rng, chosen, preferred)
            short = [number for number, rest in zip(chosen, query) if len(rest) < self.queries]
            if not short:
                return support, [rng.choice(rest, size=self.queries, replace=False) for rest in query]
        name = self._name(self.classes[short[0]])
        raise DataError(
            f"class '{name}' has too few clips of subjects who are not among the {self.ways * self.shots} "
            f"support clips of an episode; choose fewer ways, shots or queries, or leave out the option for "
            f"person-disjoint episodes ({self.source})"
        )

    def _name(self, number: int) -> str:
        return self.class_names[number] if self.class_names is not None else str(number)


def counted(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun, such as ``2 clips``. ``many`` is the plural if it is not ``one`` with an s."""
    return f"{count} {one if count == 1 else many or one + 's'}"
