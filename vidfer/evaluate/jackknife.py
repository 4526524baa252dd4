"""The interval of a few-shot accuracy over clips: what it would be with other clips, by the jackknife.

Few-shot accuracy over clips is a U-statistic: a mean over all choices of support and query clips. The
jackknife leaves out each clip in turn and adds up the squares of the changes. The variance that it gives is,
if anything, too large (Efron and Stein 1981, Annals of Statistics 9(3), 586-596). The accuracy is the mean of
A_c over C classes of n_c clips each. Without clip i of class c it would be lower by

    (a_i - A_c + b_i) / (C (n_c - 1)).

Here a_i is the clip's own accuracy as a query, and b_i its influence on the answers about other clips. Both
come from the same episodes; none has to be scored again.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np

from vidfer.evaluate.episodes import Episodes
from vidfer.evaluate.intervals import Interval, t_quantile

HALVES = 2
"""Even and odd episodes: their noise is independent, and the influence of a clip is the same."""

SUPPORT_FIXED = "support clips fixed"
"""Marks an interval that treats the support set as fixed; its result file is of the first vidfer."""


def jackknife_influence(
    episodes: Episodes,
    right: np.ndarray,
    labels: np.ndarray,
    has_face: np.ndarray,
    *,
    transductive: bool = False,
    person_disjoint: bool = False,
) -> np.ndarray:
    """Influence b_i of every clip on the answers about other clips.

    K is the number of shots, n the number of clips of the class. e_i is the mean accuracy of the queries of a
    class in episodes with i in the support: e_i,c of its own class (A_c' is the mean without i), e_i,k of
    every other class k of the episode.

        b_i = (n - 1) (K / (n - K - 1) (e_i,c - A_c') + sum over k of K / (n - K) (e_i,k - A_k)).

    In transductive episodes a query influences the answers about the other queries, too. The Q queries then
    count like support clips, but not for their own answer.

    In person-disjoint episodes the support decides which clips can be queries. e_i - A is then the mean, over
    the queries, of an answer minus the other answers about the same clip.

    Args:
        episodes: E episodes of N ways, K shots and Q queries.
        right: (E, N·Q) bool, whether each query was recognised.
        labels: (M,) class numbers from 0.
        has_face: (M,) bool.
        transductive: whether the queries of an episode were scored together.
        person_disjoint: whether the episodes are person-disjoint; not together with ``transductive``.

    Returns:
        (M, 2), from the even and from the odd episodes.
    """
    ways, shots = episodes.classes.shape[1], episodes.support.shape[1] // episodes.classes.shape[1]
    right = np.asarray(right, dtype=np.float64).reshape(len(episodes), ways, -1)
    queries = right.shape[2]
    fellows = queries if transductive else 0
    kinds = int(labels.max()) + 1
    clips, faces = np.bincount(labels, minlength=kinds), np.bincount(labels[has_face], minlength=kinds)
    # The divisor is the number of clips that can replace a clip that is left out. It is at least 1: where a
    # class has hardly more clips than an episode needs, the interval becomes wide, not infinite.
    for_own = (clips - 1) / np.maximum(faces - shots - max(fellows, 1), 1)
    for_others = (clips - 1) / np.maximum(faces - shots - fellows, 1)

    if person_disjoint:
        own = _above_other_answers(episodes.query, right)
        others = own.sum(1, keepdims=True) - own
    else:
        own, others, means = _from_episode_means(episodes.classes, right.mean(2), kinds)
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
        of_fellows = queries * own[..., None] - (right - means[..., None])  # (E, N, Q) without its own answer
        value = for_own[here][..., None] * of_fellows + (queries * for_others[here] * others)[..., None]
        as_query = np.zeros((len(labels), HALVES))
        np.add.at(as_query, (episodes.query, half[:, None]), value.reshape(len(episodes), -1))
        not_support = np.where(has_face, 1 - shots / faces[labels], 1.0)
        query_share = not_support * queries / (clips - shots)[labels]
        # In a class with as many faces as shots these clips are never queries: their sums are 0.
        found += as_query / np.maximum(query_share, 1e-12)[:, None] / present

    if person_disjoint:
        return found
    counts, hits = np.zeros((2, len(labels)))
    np.add.at(counts, episodes.query.ravel(), 1)
    np.add.at(hits, episodes.query.ravel(), right.ravel())
    apart = _from_class_means(
        np.divide(hits, counts, out=np.full(len(labels), np.nan), where=counts > 0), labels
    )[0]
    # A support clip is not a query of its episode, so e_i,c is compared with A_c without i.
    left_out = (shots + max(fellows - 1, 0)) * for_own / np.maximum(clips - 1, 1)
    return found + np.where(has_face, left_out[labels] * apart, 0.0)[:, None]


def jackknife_interval(
    accuracy: np.ndarray,
    influence: np.ndarray | None,
    *,
    classes: Sequence[Hashable] | np.ndarray,
    subjects: Sequence[Hashable] | None = None,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Interval:
    """Mean of class means with the interval ± t·s, by the jackknife over clips within classes, or subjects.

    A unit u is one clip, or all m_uc clips of one subject. Without it the mean would be lower by x_u, the sum
    of (a_i - A_c + b_i) / (C (n_c - m_uc)) over its clips. With m units, s² is (m - 1) / m times the sum of
    x_u(even) x_u(odd); for clips, class by class. The product of the two halves of the episodes removes the
    noise of few episodes. s² is never below the variance that a_i alone gives.

    Args:
        accuracy: (M,) a_i, or its difference between two models; NaN for a clip that was never a query.
        influence: (M, 2) b_i of :func:`jackknife_influence`, or its difference. None treats the support clips
            as fixed, for results of the first vidfer.
        classes: (M,)
        subjects: (M,) if given, whole subjects are left out, because clips of one subject are not
            independent.
        bounds: least and greatest possible value; the interval stays within them.

    Returns:
        The interval; without ends where a class has one clip or one subject alone.
    """
    accuracy = np.asarray(accuracy, dtype=np.float64)
    is_query = np.isfinite(accuracy)
    if not is_query.any():
        raise ValueError("an interval needs at least one clip that was a query")
    kind = np.unique(classes, return_inverse=True)[1]
    apart, means, counts = _from_class_means(accuracy, kind)
    measured = counts > 0  # a class without queries is left out of the mean
    mean = float(means[measured].mean())
    if subjects is None:
        over, unit = "clips", np.arange(len(kind))
    else:
        known = {subject: i for i, subject in enumerate(dict.fromkeys(subjects))}
        over, unit = "subjects", np.array([known[subject] for subject in subjects])
    units = int(unit.max()) + 1
    method = f"jackknife over {over}{', within classes' if subjects is None else ''}, t"
    method += f"; {SUPPORT_FIXED}" if influence is None else ""

    pair, clips = unit * len(means) + kind, np.bincount(kind)
    left_queries = counts[kind] - np.bincount(pair, is_query)[pair]
    left = clips[kind] - np.bincount(pair)[pair]
    if (left_queries[is_query] == 0).any():
        return Interval(mean=mean, low=None, high=None, n=units, over=over, method=method)
    own = apart / np.maximum(left_queries, 1) / measured.sum()
    x = np.zeros((units, HALVES))
    for half in range(HALVES):
        on_others = np.zeros(len(kind)) if influence is None else np.asarray(influence, dtype=float)[:, half]
        on_others = (on_others - (np.bincount(kind, on_others) / clips)[kind]) / np.maximum(left, 1)
        x[:, half] = np.bincount(unit, own + np.where(measured[kind], on_others / measured.sum(), 0.0))
    freedom = int((clips[measured] - 1).sum()) if subjects is None else units - 1
    weight = (units - 1) / units if subjects is not None else (1 - 1 / clips)[kind]
    variance = max(float((weight * x.prod(1)).sum()), float((weight * np.bincount(unit, own) ** 2).sum()))
    margin = t_quantile(freedom) * math.sqrt(variance)
    low, high = max(bounds[0], mean - margin), min(bounds[1], mean + margin)
    return Interval(mean=mean, low=low, high=high, n=units, over=over, method=method)


def _from_class_means(accuracy: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Accuracies (M,) minus the mean of their class, 0 where there is none; the means; clips per mean."""
    known = np.isfinite(accuracy)
    counts = np.bincount(kind, known)
    means = np.bincount(kind, np.where(known, accuracy, 0)) / np.maximum(counts, 1)
    return np.where(known, accuracy - means[kind], 0.0), means, counts


def _from_episode_means(
    classes: np.ndarray, share: np.ndarray, kinds: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How far each episode is from the mean episode, class by class.

    Args:
        classes: (E, N) class numbers.
        share: (E, N) share of the class's queries that are right.
        kinds: number of classes.

    Returns:
        Three (E, N): of each class the distance of the class itself; the sum of the distances of the other
        classes, whose means are over the episodes that have both classes; and the mean of the class.
    """
    pair = classes[:, :, None] * kinds + classes[:, None, :]
    shares = np.broadcast_to(share[:, None, :], pair.shape)
    counts = np.bincount(pair.ravel(), minlength=kinds**2)
    means = np.bincount(pair.ravel(), shares.ravel(), minlength=kinds**2) / np.maximum(counts, 1)
    off = shares - means[pair]
    own = np.diagonal(off, axis1=1, axis2=2)
    return own, off.sum(2) - own, np.diagonal(means[pair], axis1=1, axis2=2)


def _above_other_answers(query: np.ndarray, right: np.ndarray) -> np.ndarray:
    """How far the answers of an episode (E, N, Q) are above all other answers about the same clips.

    A clip that was a query only once counts as 0.

    Returns:
        (E, N), the mean over the queries of a class.
    """
    clips = query.reshape(right.shape)
    counts, hits = (np.bincount(clips.ravel(), of) for of in (None, right.ravel()))
    others = counts[clips] - 1
    return np.where(others > 0, right - (hits[clips] - right) / np.maximum(others, 1), 0.0).mean(2)
