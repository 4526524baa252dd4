"""The influence of every clip on the answers about other clips, in few-shot episodes."""

from __future__ import annotations

import numpy as np

from vidfer.evaluate.episodes import Episodes
from vidfer.evaluate.jackknife import HALVES, from_class_means


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
    apart = from_class_means(
        np.divide(hits, counts, out=np.full(len(labels), np.nan), where=counts > 0), labels
    )[0]
    # A support clip is not a query of its episode, so e_i,c is compared with A_c without i.
    left_out = (shots + max(fellows - 1, 0)) * for_own / np.maximum(clips - 1, 1)
    return found + np.where(has_face, left_out[labels] * apart, 0.0)[:, None]


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
