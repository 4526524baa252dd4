"""How often 95 % intervals of few-shot accuracy hold the truth, in a simulated population.

OMP_NUM_THREADS=1 python tools/interval_coverage.py

Three classes of normally distributed vectors, recognised by the nearest class mean; a second system sees
three more dimensions. Every trial draws new clips, and episodes of them. The truth is the mean over trials.
Support fixed: a bootstrap of the accuracies of the clips, which treats the support clips as fixed.
Jackknife: what `vidfer eval` and `vidfer results compare` give.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from counts import check_counts
from program import run
from tables import markdown

from vidfer.evaluate.bootstrap import bootstrap_interval
from vidfer.evaluate.episodes import Episodes
from vidfer.evaluate.intervals import Interval
from vidfer.evaluate.jackknife import jackknife_interval
from vidfer.evaluate.jackknife_influence import jackknife_influence

CENTRES = np.array([[0, 0, 0, 0, 0, 0], [1.2, 0, 0, 0, 0.6, 0], [0, 1.2, 0, 0.3, 0, 0]])
SEES = (slice(0, 3), slice(0, 6))
"""Dimensions of the two systems."""

BOUNDS = (-1.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Population:
    """What is drawn in every trial."""

    clips: int
    """Of each class."""
    shots: int
    episodes: int
    each: tuple[int, ...] = ()
    """Clips of each class by one subject after the other, again and again. Empty: every clip has a subject of
    its own, and the jackknife leaves out clips."""
    person_disjoint: bool = False
    """No query shows a subject of a support clip, of whatever class."""
    transductive: bool = False
    """One step of soft k-means over three queries of each class."""

    def __str__(self) -> str:
        subjects = f" of {self.subject[-1] + 1} subjects" if self.each else ""
        subjects += f" with {min(self.each)} to {max(self.each)}" if len({*self.each}) > 1 else ""
        kind = ", transductive" if self.transductive else ""
        kind += ", person-disjoint" if self.person_disjoint else ""
        return f"{self.clips} clips{subjects}, {self.shots}-shot{kind}, {self.episodes} episodes"

    @property
    def subject(self) -> np.ndarray:
        """(clips,) the subject of each clip of a class."""
        clips = np.resize(self.each, self.clips)
        return np.repeat(np.arange(self.clips), clips)[: self.clips]


UNEVEN = (1, 1, 1, 1, 2, 2, 4, 8)
POPULATIONS = (
    Population(clips=7, shots=3, episodes=1000),
    Population(clips=10, shots=1, episodes=400),
    Population(clips=10, shots=3, episodes=400),
    Population(clips=30, shots=1, episodes=400),
    Population(clips=30, shots=3, episodes=400),
    Population(clips=30, shots=3, episodes=2000),
    Population(clips=100, shots=1, episodes=600),
    Population(clips=7, shots=3, episodes=1000, each=(1,)),
    Population(clips=20, shots=3, episodes=1000, each=(1,)),
    Population(clips=40, shots=3, episodes=1000, each=(4,)),
    Population(clips=20, shots=3, episodes=1000, each=(1,), person_disjoint=True),
    Population(clips=40, shots=3, episodes=1000, each=(4,), person_disjoint=True),
    Population(clips=60, shots=3, episodes=1000, each=UNEVEN),
    Population(clips=60, shots=3, episodes=1000, each=UNEVEN, person_disjoint=True),
    Population(clips=30, shots=1, episodes=400, transductive=True),
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Coverage of intervals."""

    trials: int = 250
    """Each on new clips; coverage of 95 % is known to ± 3 % then."""

    def __post_init__(self) -> None:
        check_counts(self, "trials", least=2)


def answers(vectors: np.ndarray, support: np.ndarray, query: np.ndarray, refine: bool) -> np.ndarray:
    """Which queries are right (E, C, Q).

    Args:
        vectors: (C, n, d).
        support: (E, C, K) numbers of clips.
        query: (E, C, Q) numbers of clips.
        refine: one step of soft k-means over the queries of an episode.
    """
    kinds = np.arange(len(vectors))
    of_support, of_query = (
        vectors[kinds[:, None], chosen] for chosen in (support, query)
    )  # (E, C, K or Q, d)
    means = of_support.mean(2)

    def distances() -> np.ndarray:
        return ((of_query[:, :, :, None] - means[:, None, None]) ** 2).sum(-1)  # (E, C, Q, C)

    if refine:
        shares = np.exp(-distances())
        shares /= shares.sum(-1, keepdims=True)
        joined = support.shape[2] * means + np.einsum("ecqk,ecqd->ekd", shares, of_query)
        means = joined / (support.shape[2] + shares.sum((1, 2)))[..., None]
    return distances().argmin(-1) == kinds[:, None]


def trial(of: Population, seed: int) -> list[tuple[Interval, Interval]]:
    """Accuracy of the first system, and the difference of the second one, each with both intervals."""
    rng = np.random.default_rng(seed)
    kinds, n, d = len(CENTRES), of.clips, CENTRES.shape[1]
    labels, subjects = np.repeat(np.arange(kinds), n), None
    vectors = CENTRES[:, None] + rng.normal(size=(kinds, n, d)) * (0.7 if of.each else 1.0)
    if of.each:  # a face, and a way of showing each expression
        subject = of.subject
        vectors += 0.4 * rng.normal(size=(n, d))[subject]
        vectors += 0.6 * rng.normal(size=(kinds, n, d))[:, subject]
        subjects = np.tile(subject, kinds).tolist()
    queries = 3 if of.transductive else 1
    drawn = rng.random((of.episodes, kinds, n)).argsort(-1)
    support, query = drawn[..., : of.shots], drawn[..., of.shots : of.shots + queries]
    if of.person_disjoint:
        shown = (subject[support].reshape(of.episodes, -1, 1) == np.arange(n)).any(1)
        others = ~np.take_along_axis(shown[:, None], subject[drawn], axis=2)
        query = np.take_along_axis(drawn, others.argmax(-1)[..., None], axis=2)
    flat = [(part + n * np.arange(kinds)[:, None]).reshape(of.episodes, -1) for part in (support, query)]
    episodes = Episodes(*flat, np.tile(np.arange(kinds), (of.episodes, 1)))

    accuracy, influence = [], []
    for seen in SEES:
        right = answers(vectors[..., seen], support, query, of.transductive).reshape(of.episodes, -1)
        counts, hits = np.zeros((2, len(labels)))
        np.add.at(counts, episodes.query, 1)
        np.add.at(hits, episodes.query, right)
        accuracy.append(np.divide(hits, counts, out=np.full(len(labels), np.nan), where=counts > 0))
        face = np.ones(len(labels), dtype=bool)
        how = {"transductive": of.transductive, "person_disjoint": of.person_disjoint}
        influence.append(jackknife_influence(episodes, right, labels, face, **how))
    found = []
    for a, b in ((accuracy[0], influence[0]), (accuracy[1] - accuracy[0], influence[1] - influence[0])):
        measured = np.flatnonzero(np.isfinite(a))
        who = None if subjects is None else [subjects[i] for i in measured]
        fixed = bootstrap_interval(
            a[measured], classes=labels[measured], subjects=who, resamples=400, seed=seed
        )
        jackknife = jackknife_interval(a, b, classes=labels, subjects=subjects, bounds=BOUNDS)
        found.append((fixed, jackknife))
    return found


def coverage(of: Population, trials: int) -> list[tuple[float, float, float, float]]:
    """Of accuracy and of the difference: the share of intervals that hold the truth, of both kinds, and their
    mean widths, as multiples of 2 · 1.96 standard deviations of the estimate over the trials."""
    found = [trial(of, seed) for seed in range(trials)]
    table = []
    for measure in range(2):
        means = np.array([one[measure][0].mean for one in found])
        row = []
        for which in range(2):
            ends = np.array([(one[measure][which].low, one[measure][which].high) for one in found])
            row.append(np.mean((ends[:, 0] <= means.mean()) & (means.mean() <= ends[:, 1])))
            row.append(np.mean(ends[:, 1] - ends[:, 0]) / (2 * 1.96 * means.std(ddof=1)))
        table.append((row[0], row[2], row[1], row[3]))
    return table


def main(settings: Settings) -> None:
    """Prints a line for each population."""
    head = [
        "clips of each class",
        "accuracy: support fixed",
        "jackknife",
        "difference: support fixed",
        "jackknife",
    ]
    lines = []
    for of in POPULATIONS:
        cells = []
        for old, new, old_width, new_width in coverage(of, settings.trials):
            cells += [f"{100 * old:.0f} % ({old_width:.2f})", f"{100 * new:.0f} % ({new_width:.2f})"]
        lines.append([str(of), *cells])
    print(f"Intervals that hold the truth, of {settings.trials}; in brackets their mean width, ideal 1.\n")
    print(markdown(head, lines))


if __name__ == "__main__":
    run(main, Settings, __doc__)
