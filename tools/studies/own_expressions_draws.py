"""Random draws of examples for the study of own expressions, and what is measured with each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vidfer.infer.support.candidates import Typical, candidates_of
from vidfer.infer.support.embedded import EmbeddedExamples
from vidfer.infer.support.expectation import expect
from vidfer.infer.support.learn_head import LearnedHead, learn_head

N_BACKGROUND = 3
RESAMPLES = 2000
EXPECTED = 20
"""Draws of which it is also measured what `vidfer learn` says of them."""


@dataclass(frozen=True)
class Faces:
    """M pictures or clips as the networks see them."""

    features: Mapping[str, np.ndarray]
    """Name -> (W, C) of pieces."""
    owner: np.ndarray
    """(W,) the clip of each piece."""
    labels: np.ndarray
    """(M,) names."""
    people: np.ndarray
    """(M,) names."""

    def __len__(self) -> int:
        return len(self.labels)


def together(*faces: Faces) -> Faces:
    """Several lots of faces as one."""
    starts = np.cumsum([0, *map(len, faces)])
    return Faces(
        {name: np.concatenate([one.features[name] for one in faces]) for name in faces[0].features},
        np.concatenate([one.owner + start for one, start in zip(faces, starts)]),
        np.concatenate([one.labels for one in faces]),
        np.concatenate([one.people for one in faces]),
    )


@dataclass(frozen=True)
class Task:
    """Expressions that are taught on some faces and asked about on others."""

    name: str
    taught: Faces
    classes: tuple[str, ...]
    background: str
    asked: Mapping[str, Faces]
    """"" for faces with labels; another name for faces none of which is known to show a class."""
    same: Mapping[str, str] = field(default_factory=dict)
    """Label of the faces that are asked about -> the class that it is."""


def draw(task: Task, k: int, rng: np.random.Generator) -> np.ndarray | None:
    """Examples for a draw: k of each class and three of the background, each of another person.

    None where there are too few people.
    """
    chosen, people = [], set()
    for label, n in [*((name, k) for name in task.classes), (task.background, N_BACKGROUND)]:
        places = rng.permutation(np.flatnonzero(task.taught.labels == label))
        own = []
        for place in places:
            if len(own) < n and task.taught.people[place] not in people:
                own.append(place)
                people.add(task.taught.people[place])
        if len(own) < n:
            return None
        chosen += own
    return np.array(chosen)


def examples_of(task: Task, chosen: np.ndarray, k: int, names: Sequence[str]) -> EmbeddedExamples:
    """The chosen examples with the features ``names``."""
    faces = task.taught
    pieces = np.concatenate([np.flatnonzero(faces.owner == place) for place in chosen])
    owner = np.concatenate([np.full((faces.owner == p).sum(), i) for i, p in enumerate(chosen)])
    labels = np.array([i // k if i < k * len(task.classes) else -1 for i in range(len(chosen))])
    features = {name: faces.features[name][pieces] for name in names}
    return EmbeddedExamples(features, owner, labels, np.arange(len(chosen)), len(task.classes))


def answers(head: LearnedHead, faces: Faces) -> np.ndarray:
    """Probabilities (M, N + 1) of clips: the mean over their pieces."""
    chances = head.probabilities(faces.features)
    sums = np.zeros((len(faces), chances.shape[1]))
    np.add.at(sums, faces.owner, chances)
    return sums / np.bincount(faces.owner, minlength=len(faces))[:, None]


def measure(task: Task, k: int, names: Sequence[str], typical: Typical, draws: int) -> dict[str, dict]:
    """Shares over the draws, with intervals over the people who were asked about.

    ``recognised``: the class is the most probable of all classes; ``found``: also more probable than none of
    these. ``neutral``, ``others`` and further names: faces taken for one of the classes. ``expected``: the
    mean of what `vidfer learn` says of ``recognised``, in the first draws.
    """
    rng, candidates, expected = np.random.default_rng(0), candidates_of(list(names)), []
    seen: dict[str, list[tuple[str, bool]]] = {}
    for i in range(draws):
        chosen = draw(task, k, rng)
        if chosen is None:
            return {}
        examples, known = examples_of(task, chosen, k, names), {*task.taught.people[chosen]}
        head = learn_head(candidates, examples, np.ones(len(chosen), bool), typical)
        if i < EXPECTED and k > 1 and len(task.classes) > 1:
            told = expect(candidates, examples, typical).recognised
            expected.append(told.right / told.n)
        for of, faces in task.asked.items():
            for label, person, chances in zip(faces.labels, faces.people, answers(head, faces)):
                if person in known:
                    continue
                label = task.same.get(str(label), str(label))
                best, n = int(chances.argmax()), len(task.classes)
                if of:
                    seen.setdefault(of, []).append((person, best < n))
                elif label in task.classes:
                    own = task.classes.index(label)
                    seen.setdefault("found", []).append((person, best == own))
                    if n > 1:
                        right = int(chances[:-1].argmax()) == own
                        seen.setdefault("recognised", []).append((person, right))
                else:
                    name = "neutral" if label == task.background else "others"
                    seen.setdefault(name, []).append((person, best < n))
    shares = {name: share(pairs) for name, pairs in seen.items()}
    return shares | ({"expected": float(np.mean(expected))} if expected else {})


def share(pairs: Sequence[tuple[str, bool]]) -> dict:
    """The mean, and its 95 % bootstrap interval over people."""
    totals: dict[str, np.ndarray] = {}
    for person, right in pairs:
        totals.setdefault(str(person), np.zeros(2))
        totals[str(person)] += (right, 1)
    sums = np.stack([*totals.values()])
    drawn = np.random.default_rng(0).integers(0, len(sums), (RESAMPLES, len(sums)))
    means = sums[drawn].sum(1)
    low, high = np.percentile(means[:, 0] / means[:, 1], [2.5, 97.5])
    total = sums.sum(0)
    return {"mean": total[0] / total[1], "low": low, "high": high, "people": len(sums)}
