"""Few-shot accuracy on classes that were never trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vidfer.data.episodes import EpisodeSampler
from vidfer.errors import VidferError
from vidfer.evaluate.episode_scores import EpisodeScores
from vidfer.evaluate.episodes import Episodes, draw_episodes
from vidfer.evaluate.influence import influence_interval, influence_on_others
from vidfer.evaluate.intervals import Interval, mean_interval
from vidfer.infer.iterate import evaluating


@dataclass(frozen=True)
class FewShotResult:
    """What N-way K-shot episodes over M clips of C classes gave."""

    classes: tuple[str, ...]
    labels: np.ndarray
    """(M,) class number of every clip."""
    has_face: np.ndarray
    """(M,) bool."""
    episodes: Episodes
    """Which they were."""
    right: np.ndarray
    """(episodes, N·Q) bool, which queries were recognised."""
    answers: np.ndarray
    """(M, C + 1) how often each clip was asked for and taken for each class; the last column counts questions
    about a clip without a face, which are wrong without looking."""
    on_others: np.ndarray
    """(M, 2) what each clip does to the answers about other clips, as their example, or as a query that is
    judged together with them; from the even and from the odd episodes
    (:func:`vidfer.evaluate.influence.influence_on_others`)."""

    @property
    def asked(self) -> np.ndarray:
        """(M,) how often each clip was a query."""
        return self.answers.sum(1)

    @property
    def correct(self) -> np.ndarray:
        """(M,) how often each clip was recognised."""
        return self.answers[np.arange(len(self.labels)), self.labels]

    @property
    def clip_accuracy(self) -> np.ndarray:
        """(M,) share of right answers, NaN for a clip that was never asked for."""
        return np.divide(
            self.correct, self.asked, out=np.full(len(self.labels), np.nan), where=self.asked > 0
        )

    @property
    def confusion(self) -> np.ndarray:
        """(C, C + 1) counts of questions: rows true, columns answered, the last one without a face."""
        table = np.zeros((len(self.classes), self.answers.shape[1]), dtype=np.int64)
        np.add.at(table, self.labels, self.answers)
        return table

    def confused_with(self, clip: int) -> str | None:
        """The most frequent wrong answer about a clip; None if there was none."""
        wrong = self.answers[clip].copy()
        wrong[self.labels[clip]] = 0
        if not wrong.any():
            return None
        return (*self.classes, "no face")[int(wrong.argmax())]

    def answers_about(self, clip: int) -> dict[str, int]:
        """How often a clip was taken for each class, or had no face to look at; zeros are left out."""
        names = (*self.classes, "no face")
        return {name: int(count) for name, count in zip(names, self.answers[clip]) if count}

    @property
    def episode_accuracy(self) -> np.ndarray:
        """(episodes,) share of right queries."""
        return self.right.mean(1)

    def same_person(self, people: Sequence[str]) -> dict[str, int]:
        """Queries of a person who is among the examples of their class, and of one who is not among any, and
        how many of each are right: :attr:`vidfer.evaluate.result.Result.same_person`."""
        person = np.unique(np.asarray(people), return_inverse=True)[1]
        drawn, ways = self.episodes, self.episodes.classes.shape[1]
        shown, asked = person[drawn.support], person[drawn.query]
        of_class = shown.reshape(len(drawn), ways, 1, -1) == asked.reshape(len(drawn), ways, -1, 1)
        same = of_class.any(-1).reshape(len(drawn), -1)
        others = ~(shown[:, None] == asked[..., None]).any(-1)
        return {
            "asked": int(same.sum()),
            "right": int(self.right[same].sum()),
            "others_asked": int(others.sum()),
            "others_right": int(self.right[others].sum()),
        }

    def over_episodes(self) -> Interval:
        """Mean ± 1.96 sd/√n over episodes: how well the mean over all possible episodes of these very clips
        is known. It shrinks with more episodes, however few clips there are."""
        return mean_interval(self.episode_accuracy, "episodes")

    def over_clips(self, subjects: Sequence[str] | None = None) -> Interval:
        """Mean of class means, and how well other clips of these classes, or other people (``subjects``,
        (M,)), would do as queries and as examples. It does not shrink with more episodes."""
        return influence_interval(self.clip_accuracy, self.on_others, classes=self.labels, subjects=subjects)


def fewshot_accuracy(
    scores: EpisodeScores,
    labels: Sequence[int] | np.ndarray,
    has_face: Sequence[bool] | np.ndarray,
    classes: Sequence[str],
    *,
    ways: int,
    shots: int,
    queries: int,
    episodes: int,
    seed: int,
    people: Sequence[str] | None = None,
    source: object = "the given clips",
) -> FewShotResult:
    """Accuracy of a head in N-way K-shot episodes over clips that are embedded once.

    Args:
        scores: of the head, over M clips.
        labels: (M,) class number of each clip, all of novel classes.
        has_face: (M,) False where no frame has a face: never an example, and always wrong as a query.
        classes: names by class number.
        ways, shots, queries, episodes, seed: see :class:`vidfer.data.episodes.EpisodeSampler`.
        people: (M,) if given, no query is of a person who is among the examples of its episode.
        source: the cache, for messages.

    Raises:
        VidferError: too few clips, also of other people, or a head that gives no finite numbers.
    """
    labels, has_face = np.asarray(labels), np.asarray(has_face, dtype=bool)
    sampler = EpisodeSampler(
        labels,
        ways=ways,
        shots=shots,
        queries=queries,
        episodes=episodes,
        seed=seed,
        has_face=has_face,
        subjects=people,
        class_names=classes,
        source=source,
    )
    drawn = draw_episodes(sampler)
    seen = has_face[drawn.query]  # (E, N·Q)
    with evaluating(scores.head):
        found = scores.score(drawn, seen)
    if not np.isfinite(found[seen]).all():
        raise VidferError("the model gives scores that are no numbers; take another checkpoint")
    best = np.where(seen[..., None], found, 0).argmax(-1)
    chosen = np.where(seen, np.take_along_axis(drawn.classes, best, axis=1), len(classes))
    answers = np.zeros((len(labels), len(classes) + 1), dtype=np.int64)
    np.add.at(answers, (drawn.query, chosen), 1)
    right = chosen == labels[drawn.query]
    on_others = influence_on_others(
        drawn, right, labels, has_face, transductive=scores.transductive, other_people=people is not None
    )
    return FewShotResult(tuple(classes), labels, has_face, drawn, right, answers, on_others)
