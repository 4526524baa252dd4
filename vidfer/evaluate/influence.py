"""What each clip does to a few-shot accuracy, as query and as example, and the interval that follows.

Few-shot accuracy over clips is a U-statistic: a mean over all choices of examples and queries among them. How
much it would change with other clips is estimated by leaving each one out: the jackknife, whose variance is,
if anything, too large (Efron and Stein 1981, Annals of Statistics 9(3), 586-596). Without clip i of class c
the accuracy, the mean of A_c over C classes of n_c clips each, would be lower by

    (a_i - A_c + b_i) / (C (n_c - 1)),

a_i its own accuracy as a query, b_i what it does to the answers about others. One evaluation gives both.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np

from vidfer.evaluate.episodes import Episodes
from vidfer.evaluate.intervals import Interval, t_quantile

HALVES = 2
"""Even and odd episodes: the noise of few episodes is independent in the two, what a clip does is not."""

AS_GIVEN = "examples as given"
"""Ends the method of an interval that lacks what clips do as examples: of an older vidfer's result file."""


def influence_on_others(
    episodes: Episodes,
    right: np.ndarray,
    labels: np.ndarray,
    has_face: np.ndarray,
    *,
    transductive: bool = False,
    other_people: bool = False,
) -> np.ndarray:
    """b_i of every clip, from the even and from the odd episodes.

    With K shots and n clips, e_i the mean accuracy of the queries of a class in episodes in which i is an
    example, of clips of its own class (A_c' without i) and of each other class k that is in the episode, too:

        b_i = (n - 1) (K / (n - K - 1) (e_i,c - A_c') + sum over k of K / (n - K) (e_i,k - A_k)).

    Judged together, queries do something to each other's answers as well: Q queries count as examples do,
    but not for their own answer.

    Where queries are of other people than the examples, others are asked for while i is an example. Then
    e_i - A is the mean over these queries of each answer minus the other answers about the same clip.

    Args:
        episodes: E of N ways and Q queries.
        right: (E, N·Q) bool.
        labels: (M,) class numbers from 0.
        has_face: (M,) bool.
        transductive: whether the queries of an episode were judged together.
        other_people: whether queries are of other people than the examples; not with ``transductive``.

    Returns:
        (M, 2)
    """
    ways, shots = episodes.classes.shape[1], episodes.support.shape[1] // episodes.classes.shape[1]
    right = np.asarray(right, dtype=np.float64).reshape(len(episodes), ways, -1)
    queries = right.shape[2]
    company = queries if transductive else 0
    kinds = int(labels.max()) + 1
    clips, faces = np.bincount(labels, minlength=kinds), np.bincount(labels[has_face], minlength=kinds)
    # As many clips can take the place of one that is left out. With hardly more clips than an episode
    # needs there is none; one, then, so that the interval is wide and not infinite.
    for_own = (clips - 1) / np.maximum(faces - shots - max(company, 1), 1)
    for_others = (clips - 1) / np.maximum(faces - shots - company, 1)

    if other_people:
        own = _beyond_other_answers(episodes.query, right)
        others = own.sum(1, keepdims=True) - own
    else:
        own, others, means = _around_means(episodes.classes, right.mean(2), kinds)
    here = episodes.classes
    half = np.arange(len(episodes)) % HALVES
    present = np.zeros((HALVES, kinds))
    np.add.at(present, (half[:, None], here), 1)
    present = np.maximum(present, 1).T[labels]  # (M, 2) episodes with the clip's class

    found = np.zeros((len(labels), HALVES))
    value = for_own[here] * own + for_others[here] * others  # (E, N)
    np.add.at(found, (episodes.support, half[:, None]), np.repeat(value, shots, axis=1))
    # K times a mean over an expected number of present·K/faces episodes.
    found *= faces[labels][:, None] / present
    if transductive:
        fellows = queries * own[..., None] - (right - means[..., None])  # (E, N, Q) without its own answer
        value = for_own[here][..., None] * fellows + (queries * for_others[here] * others)[..., None]
        asked = np.zeros((len(labels), HALVES))
        np.add.at(asked, (episodes.query, half[:, None]), value.reshape(len(episodes), -1))
        no_example = np.where(has_face, 1 - shots / faces[labels], 1.0)
        # With as many faces as shots they are never asked for: their sums are 0.
        found += asked / np.maximum(no_example * queries / (clips - shots)[labels], 1e-12)[:, None] / present

    if other_people:
        return found
    counts, hits = np.zeros((2, len(labels)))
    np.add.at(counts, episodes.query.ravel(), 1)
    np.add.at(hits, episodes.query.ravel(), right.ravel())
    apart = _apart(np.divide(hits, counts, out=np.full(len(labels), np.nan), where=counts > 0), labels)[0]
    # While i is an example it is not asked for, so that e_i,c is to be held against A_c without i.
    left_out = (shots + max(company - 1, 0)) * for_own / np.maximum(clips - 1, 1)
    return found + np.where(has_face, left_out[labels] * apart, 0.0)[:, None]


def influence_interval(
    accuracy: np.ndarray,
    on_others: np.ndarray | None,
    *,
    classes: Sequence[Hashable] | np.ndarray,
    subjects: Sequence[Hashable] | None = None,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Interval:
    """Mean of class means ± t·s by the jackknife over clips within classes, or over people.

    Without unit u, one clip or all m_uc clips of one person, the mean would be lower by the sum x_u of
    (a_i - A_c + b_i) / (C (n_c - m_uc)) over its clips. Of m units s² is (m - 1) / m times the sum over u of
    x_u(even) x_u(odd), clips class by class: the product of the two halves of the episodes is free of the
    noise of few episodes. s² is never below that of a_i alone, with which it is too narrow.

    Args:
        accuracy: (M,) a_i, or its difference between two models, NaN for a clip that was never asked for.
        on_others: (M, 2) of :func:`influence_on_others`, or its difference; None, of older results, takes
            the examples as given.
        classes: (M,)
        subjects: (M,) if given, whole people are left out, because clips of one person are not independent.
        bounds: of what is measured; the ends stay within.

    Returns:
        The interval; without ends where a class is of one person or one clip alone.
    """
    accuracy = np.asarray(accuracy, dtype=np.float64)
    asked = np.isfinite(accuracy)
    if not asked.any():
        raise ValueError("an interval needs at least one clip that was asked for")
    kind = np.unique(classes, return_inverse=True)[1]
    apart, means, counts = _apart(accuracy, kind)
    measured = counts > 0  # a class that was never asked for is left out of the mean
    mean = float(means[measured].mean())
    if subjects is None:
        over, unit = "clips", np.arange(len(kind))
    else:
        known = {subject: i for i, subject in enumerate(dict.fromkeys(subjects))}
        over, unit = "subjects", np.array([known[subject] for subject in subjects])
    units = int(unit.max()) + 1
    method = f"jackknife over {over}{', within classes' if subjects is None else ''}, t"
    method += f"; {AS_GIVEN}" if on_others is None else ""

    pair, clips = unit * len(means) + kind, np.bincount(kind)
    left_asked = counts[kind] - np.bincount(pair, asked)[pair]
    left = clips[kind] - np.bincount(pair)[pair]
    if (left_asked[asked] == 0).any():
        return Interval(mean=mean, low=None, high=None, n=units, over=over, method=method)
    own = apart / np.maximum(left_asked, 1) / measured.sum()
    x = np.zeros((units, HALVES))
    for half in range(HALVES):
        example = np.zeros(len(kind)) if on_others is None else np.asarray(on_others, dtype=float)[:, half]
        example = (example - (np.bincount(kind, example) / clips)[kind]) / np.maximum(left, 1)
        x[:, half] = np.bincount(unit, own + np.where(measured[kind], example / measured.sum(), 0.0))
    freedom = int((clips[measured] - 1).sum()) if subjects is None else units - 1
    weight = (units - 1) / units if subjects is not None else (1 - 1 / clips)[kind]
    variance = max(float((weight * x.prod(1)).sum()), float((weight * np.bincount(unit, own) ** 2).sum()))
    margin = t_quantile(freedom) * math.sqrt(variance)
    low, high = max(bounds[0], mean - margin), min(bounds[1], mean + margin)
    return Interval(mean=mean, low=low, high=high, n=units, over=over, method=method)


def _apart(accuracy: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(M,) accuracies minus the mean of their class, 0 where there is none; the means; how many there are."""
    known = np.isfinite(accuracy)
    counts = np.bincount(kind, known)
    means = np.bincount(kind, np.where(known, accuracy, 0)) / np.maximum(counts, 1)
    return np.where(known, accuracy - means[kind], 0.0), means, counts


def _around_means(
    classes: np.ndarray, share: np.ndarray, kinds: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How far an episode is off the mean: of each class the class itself, and the sum of the other classes.

    Args:
        classes: (E, N) class numbers.
        share: (E, N) of the class's queries that are right.
        kinds: number of classes.

    Returns:
        Both (E, N); and the mean (E, N) of each class. Means of another class are over episodes with both.
    """
    pair = classes[:, :, None] * kinds + classes[:, None, :]
    shares = np.broadcast_to(share[:, None, :], pair.shape)
    counts = np.bincount(pair.ravel(), minlength=kinds**2)
    means = np.bincount(pair.ravel(), shares.ravel(), minlength=kinds**2) / np.maximum(counts, 1)
    off = shares - means[pair]
    own = np.diagonal(off, axis1=1, axis2=2)
    return own, off.sum(2) - own, np.diagonal(means[pair], axis1=1, axis2=2)


def _beyond_other_answers(query: np.ndarray, right: np.ndarray) -> np.ndarray:
    """How far the answers of an episode (E, N, Q) are above all others about the same clips: (E, N), the mean
    over the queries of a class. A clip that was asked for once says nothing."""
    asked = query.reshape(right.shape)
    counts, hits = (np.bincount(asked.ravel(), of) for of in (None, right.ravel()))
    others = counts[asked] - 1
    return np.where(others > 0, right - (hits[asked] - right) / np.maximum(others, 1), 0.0).mean(2)
