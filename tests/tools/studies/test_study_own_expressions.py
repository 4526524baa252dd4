"""The study of own expressions, on made-up clouds of points."""

from pathlib import Path

import numpy as np
import pytest
from studies.own_expressions import person_of, table
from studies.own_expressions_draws import Faces, Task, draw, measure, share

NAME = "made_up:vector"


def faces(counts, seed=0, apart=5.0):
    """Two faces of each person; ``counts``: label -> number of persons."""
    rng = np.random.default_rng(seed)
    labels = np.array([label for label, n in counts.items() for _ in range(2 * n)])
    people = np.array([f"{label}{i // 2}" for label, n in counts.items() for i in range(2 * n)])
    centres = {label: apart * np.eye(12)[i] for i, label in enumerate(("pout", "wink", "grin"))}
    values = np.stack([centres.get(label, np.zeros(12)) for label in labels])
    values = values + 0.5 * rng.standard_normal(values.shape)
    return Faces({NAME: values.astype(np.float32)}, np.arange(len(labels)), labels, people)


@pytest.fixture
def task():
    known = faces({"pout": 8, "wink": 8, "neutral": 8, "grin": 4})
    return Task("made up", known, ("pout", "wink"), "neutral", {"": known})


def test_examples_are_of_different_people(task):
    chosen = draw(task, 3, np.random.default_rng(0))
    assert task.taught.labels[chosen].tolist() == ["pout"] * 3 + ["wink"] * 3 + ["neutral"] * 3
    assert len({*task.taught.people[chosen]}) == 9
    assert draw(task, 9, np.random.default_rng(0)) is None


def test_clear_expressions_are_found_and_people_of_the_examples_are_not_asked(task):
    found = measure(task, 3, [NAME], {}, 6)
    assert found["recognised"]["mean"] == 1 and found["expected"] > 0.9 and found["found"]["mean"] > 0.9
    assert found["neutral"]["mean"] < 0.1 and found["neutral"]["people"] == 8
    # With eight people of a class and seven examples, one person is left in each draw.
    alone = measure(task, 5, [NAME], {}, 1)
    assert alone["found"]["people"] == 6 and alone["neutral"]["people"] == 5


def test_noise_is_not_recognised():
    noise = faces({"pout": 8, "wink": 8, "neutral": 8}, apart=0.0)
    found = measure(Task("noise", noise, ("pout", "wink"), "neutral", {"": noise}), 3, [NAME], {}, 20)
    assert 0.3 < found["recognised"]["mean"] < 0.7


def test_other_faces_and_labels_of_another_name():
    known, asked = faces({"pout": 8, "neutral": 8}), faces({"pout": 3, "neutral": 3}, seed=1)
    names = np.where(asked.labels == "pout", "moue", "neutral")
    asked = Faces(asked.features, asked.owner, names, np.char.add("new ", asked.people))
    task = Task("t", known, ("pout",), "neutral", {"": asked, "more": asked}, {"moue": "pout"})
    found = measure(task, 3, [NAME], {}, 4)
    assert found["found"]["mean"] == 1 and "recognised" not in found
    assert found["more"]["mean"] == pytest.approx(0.5) and found["more"]["people"] == 6


def test_the_interval_is_over_people():
    one = share([("ann", True)] * 50 + [("bob", False)] * 50)
    assert one["mean"] == 0.5 and (one["low"], one["high"]) == (0, 1) and one["people"] == 2


def test_names_and_table():
    assert person_of(Path("Ann_Smith_0012.jpg")) == "Ann_Smith" and person_of(Path("17.jpg")) == "17"
    text = table([{"task": "t", "networks": "all", "examples": 3, "found": share([("a", True)])}])
    assert "| t | all | 3 |  |  | 100 % [100, 100] (1 people) |" in text
