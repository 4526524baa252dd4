"""Few-shot accuracy: many episodes over clips that are embedded once, with an account of every clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vidfer.data.episodes import EpisodeSampler
from vidfer.errors import CheckpointError
from vidfer.evaluate.episode_scores import EpisodeScores
from vidfer.evaluate.episodes import Episodes, draw_episodes
from vidfer.evaluate.eval_protocol import EvalProtocol
from vidfer.evaluate.hardest import NO_FACE
from vidfer.evaluate.intervals import Interval, mean_interval
from vidfer.evaluate.jackknife import jackknife_interval
from vidfer.evaluate.jackknife_influence import jackknife_influence
from vidfer.infer.iterate import evaluating
from vidfer.names import in_one_spelling


@dataclass(frozen=True)
class FewShotAnswers:
    """The answers of a few-shot head in N-way K-shot episodes over M clips of C classes."""

    classes: tuple[str, ...]
    labels: np.ndarray
    """(M,) class number of every clip."""
    has_face: np.ndarray
    """(M,) bool."""
    episodes: Episodes
    right: np.ndarray
    """(episodes, N·Q) bool, whether each query was recognised."""
    answers: np.ndarray
    """(M, C + 1) how often each class was the answer about each clip. The last column counts queries without
    a face, which are wrong in any case."""
    influence: np.ndarray
    """(M, 2) of :func:`vidfer.evaluate.jackknife_influence.jackknife_influence`."""

    @property
    def n_queries(self) -> np.ndarray:
        """(M,) how often each clip was a query."""
        return self.answers.sum(1)

    @property
    def n_right(self) -> np.ndarray:
        """(M,) how often each clip was recognised."""
        return self.answers[np.arange(len(self.labels)), self.labels]

    @property
    def clip_accuracy(self) -> np.ndarray:
        """(M,) share of right answers; NaN for a clip that was never a query."""
        nothing = np.full(len(self.labels), np.nan)
        return np.divide(self.n_right, self.n_queries, out=nothing, where=self.n_queries > 0)

    @property
    def confusion(self) -> np.ndarray:
        """(C, C + 1) queries: rows true classes, columns answers, the last column queries without a face."""
        table = np.zeros((len(self.classes), self.answers.shape[1]), dtype=np.int64)
        np.add.at(table, self.labels, self.answers)
        return table

    def confused_with(self, clip: int) -> str | None:
        """The most frequent wrong answer about a clip; None if there was none."""
        wrong = self.answers[clip].copy()
        wrong[self.labels[clip]] = 0
        if not wrong.any():
            return None
        return (*self.classes, NO_FACE)[int(wrong.argmax())]

    def answers_about(self, clip: int) -> dict[str, int]:
        """How often each answer was given about a clip; answers that were never given are left out."""
        names = (*self.classes, NO_FACE)
        return {name: int(count) for name, count in zip(names, self.answers[clip]) if count}

    @property
    def episode_accuracy(self) -> np.ndarray:
        """(episodes,) share of the queries that are right."""
        return self.right.mean(1)

    def identity_overlap(self, subjects: Sequence[str]) -> dict[str, int]:
        """How often a query shows a subject of the support, and how often such queries are right.

        Args:
            subjects: (M,) who is in each clip.

        Returns:
            Counts of :attr:`vidfer.evaluate.result.Result.identity_overlap`.
        """
        subject = np.unique(in_one_spelling(subjects), return_inverse=True)[1]
        drawn, ways = self.episodes, self.episodes.classes.shape[1]
        support, query = subject[drawn.support], subject[drawn.query]
        of_class = support.reshape(len(drawn), ways, 1, -1) == query.reshape(len(drawn), ways, -1, 1)
        same = of_class.any(-1).reshape(len(drawn), -1)
        other = ~(support[:, None] == query[..., None]).any(-1)
        return {
            "same_queries": int(same.sum()),
            "same_right": int(self.right[same].sum()),
            "other_queries": int(other.sum()),
            "other_right": int(self.right[other].sum()),
        }

    def over_episodes(self) -> Interval:
        """Mean ± 1.96 sd/√n over episodes: how well the mean over all episodes of these same clips is known.

        It becomes narrower with more episodes, however few clips there are.
        """
        return mean_interval(self.episode_accuracy, "episodes")

    def over_clips(self, subjects: Sequence[str] | None = None) -> Interval:
        """Mean of class means, and how far it would change with other clips of these classes.

        The other clips would be queries and support clips. More episodes do not make it narrower.

        Args:
            subjects: (M,) if given, how far it would change with other subjects.
        """
        return jackknife_interval(self.clip_accuracy, self.influence, classes=self.labels, subjects=subjects)


def fewshot_answers(
    scores: EpisodeScores,
    labels: Sequence[int] | np.ndarray,
    has_face: Sequence[bool] | np.ndarray,
    classes: Sequence[str],
    protocol: EvalProtocol,
    *,
    subjects: Sequence[str] | None = None,
    source: object = "the given clips",
) -> FewShotAnswers:
    """Ask a head about the queries of N-way K-shot episodes over clips that are embedded once.

    Args:
        scores: of the head, over M clips.
        labels: (M,) class number of each clip, all of novel classes.
        has_face: (M,) False where no frame has a face: never a support clip, and always wrong as a query.
        classes: names by class number.
        protocol: ways, shots, queries, episodes, seed and whether episodes are person-disjoint.
        subjects: (M,) who is in each clip, for person-disjoint episodes.
        source: the cache, for messages.

    Raises:
        DataError: too few clips or subjects for an episode.
        CheckpointError: the head gives no finite numbers.
    """
    labels, has_face = np.asarray(labels), np.asarray(has_face, dtype=bool)
    sampler = EpisodeSampler(
        labels,
        ways=protocol.ways,
        shots=protocol.shots,
        queries=protocol.queries,
        episodes=protocol.episodes,
        seed=protocol.seed,
        has_face=has_face,
        subjects=subjects if protocol.person_disjoint else None,
        class_names=classes,
        source=source,
    )
    drawn = draw_episodes(sampler)
    query_mask = has_face[drawn.query]  # (E, N·Q)
    with evaluating(scores.head):
        found = scores.score(drawn, query_mask)
    if not np.isfinite(found[query_mask]).all():
        raise CheckpointError("the model gives scores that are no numbers; take another checkpoint")
    best = np.where(query_mask[..., None], found, 0).argmax(-1)
    chosen = np.where(query_mask, np.take_along_axis(drawn.classes, best, axis=1), len(classes))
    answers = np.zeros((len(labels), len(classes) + 1), dtype=np.int64)
    np.add.at(answers, (drawn.query, chosen), 1)
    right = chosen == labels[drawn.query]
    influence = jackknife_influence(
        drawn,
        right,
        labels,
        has_face,
        transductive=protocol.transductive,
        person_disjoint=protocol.person_disjoint,
    )
    return FewShotAnswers(tuple(classes), labels, has_face, drawn, right, answers, influence)
