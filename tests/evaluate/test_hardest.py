"""Which clips are hardest, and the tables for other programs."""

import csv
import hashlib

import numpy as np
import pytest
from made_up_results import classification, fewshot
from refused import refused

from vidfer.data.episodes import EpisodeSampler
from vidfer.errors import ResultError
from vidfer.evaluate.csv_tables import write_clip_table, write_episodes
from vidfer.evaluate.episodes import draw_episodes, redraw
from vidfer.evaluate.hardest import hardest_clips, hardest_text


def row(clip, accuracy, **more):
    answer = {"predicted": "fear" if accuracy else "angry", "probability": 0.5}
    about = {"clip": clip, "subject": None, "label": "fear", "has_face": True}
    return {**about, "n_queries": 1, "accuracy": accuracy, **answer, **more}


def test_the_most_confident_mistakes_come_first():
    rows = [row("a", 1.0), row("b", 0.0), row("c", 0.0, probability=0.9), row("d", 0.0, n_queries=0)]
    rows += [row("e", 0.0, has_face=False, predicted=None, probability=0.0)]
    found = hardest_clips([classification(rows=rows)])
    assert [clip.clip for clip in found] == ["c", "b", "e", "a"]  # d was never a query
    assert [clip.taken_for for clip in found] == ["angry", "angry", "no face", None]
    assert hardest_text(found).splitlines()[:2] == [
        "clip  subject    label  recognised  taken for  confidence",
        "c     not known  fear   0 %         angry      90 %",
    ]


def test_answers_of_several_results_count_together():
    one = row("a", 0.25, n_queries=4, answers={"fear": 1, "angry": 2, "sad": 1})
    two = row("a", 0.5, n_queries=4, answers={"fear": 2, "sad": 2})
    few = [fewshot(rows=[{k: v for k, v in r.items() if k not in ("probability", "predicted")}])
           for r in (one, two)]  # fmt: skip
    (clip,) = hardest_clips(few, 5)
    assert (clip.n_queries, clip.accuracy, clip.taken_for, clip.confidence) == (8, 0.375, "sad", None)
    assert clip.taken_share == pytest.approx(3 / 8)
    assert "38 % of 8" in hardest_text([clip]) and "sad 38 %" in hardest_text([clip])


def test_among_equals_the_most_frequent_query_comes_first():
    rows = [row("a", 0.0, n_queries=1, answers={"sad": 1}), row("b", 0.0, n_queries=9, answers={"sad": 9})]
    assert [clip.clip for clip in hardest_clips([fewshot(rows=rows)])] == ["b", "a"]


def test_the_table_of_clips_holds_every_clip(tmp_path):
    answers = {"fear": 1, "angry": 3}
    result = fewshot()
    for r in result.rows:
        r["answers"] = answers
    result.rows[2] |= {"has_face": False, "answers": {"no face": 4}, "label": 'an "odd", label'}
    write_clip_table(result, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["clip"] for r in rows] == ["0.mp4", "1.mp4", "2.mp4"]
    assert rows[0] | {"accuracy": "0.5", "as angry": "3", "as fear": "1", "as no face": "0"} == rows[0]
    assert (rows[2]["has_face"], rows[2]["as no face"], rows[2]["label"]) == ("0", "4", 'an "odd", label')
    write_clip_table(classification(rows=[row("a", 0.0)]), tmp_path / "c.csv")
    text = (tmp_path / "c.csv").read_text()
    assert text == (
        "clip,subject,label,has_face,n_queries,accuracy,predicted,probability\na,,fear,1,1,0.0,angry,0.5\n"
    )


def drawn_result():
    """A result whose episodes are known: 12 clips of three classes, one without a face."""
    classes, labels = ("angry", "fear", "sad"), np.arange(12) % 3
    faces = np.arange(12) != 4
    task = {"ways": 2, "shots": 2, "queries": 1, "episodes": 7}
    sampler = EpisodeSampler(labels, **task, seed=5, has_face=faces, class_names=classes)
    episodes = draw_episodes(sampler)
    rows = [row(f"{i}.mp4", 0.5, label=classes[k], has_face=bool(faces[i])) for i, k in enumerate(labels)]
    hashed = episodes.hash([r["clip"] for r in rows])
    return episodes, fewshot(rows=rows, classes=classes, seed=5, protocol=task | {"episodes_hash": hashed})


def test_the_episodes_of_a_result_are_drawn_again_from_its_file(tmp_path):
    episodes, result = drawn_result()
    again = redraw(result)
    for name in ("support", "query", "classes"):
        assert (getattr(again, name) == getattr(episodes, name)).all()
    assert write_episodes(result, tmp_path / "e.csv") == 7
    with (tmp_path / "e.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 7 * 2 * 3
    # Another program gets the hash from the table alone: ids, then positions and classes, by the page.
    ids, classes = [r["clip"] for r in result.rows], list(result.classes)
    digest = hashlib.sha256("\0".join(ids).encode())
    tables = []
    for part, each in (("support", 4), ("query", 2)):
        tables.append(np.array([ids.index(r["clip"]) for r in rows if r["part"] == part]).reshape(7, each))
    ways = [classes.index(r["class"]) for r in rows if r["part"] == "query"]
    for table in (*tables, np.array(ways).reshape(7, 2)):
        digest.update(str(table.shape).encode())
        digest.update(table.astype("<i8").tobytes())
    assert digest.hexdigest() == result.protocol["episodes_hash"]


def test_episodes_that_cannot_be_drawn_again_are_an_error(tmp_path):
    _, result = drawn_result()
    result.rows[0]["clip"] = "other.mp4"
    with refused(ResultError, "episodes_hash", result.vidfer_version, "`vidfer eval`"):
        write_episodes(result, tmp_path / "e.csv")
    with refused(ResultError, "classification", "'test'", "fewshot.json"):
        redraw(classification())
