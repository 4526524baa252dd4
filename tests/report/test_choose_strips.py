from refused import refused

from vidfer.errors import DataError
from vidfer.report.film_strips import choose_strips, clips_by_id
from vidfer.store.reader import CropCache


def row(clip, right, probability, has_face=True):
    return {"clip": clip, "accuracy": float(right), "probability": probability, "has_face": has_face}


def test_most_confident_right_then_wrong_clips_and_equals_by_id():
    rows = [
        row("c", True, 0.9),
        row("b", True, 0.9),
        row("a", True, 0.5),
        row("w1", False, 0.6),
        row("w2", False, 0.99),
        row("w3", False, 0.7),
        row("faceless", False, 1.0, has_face=False),
    ]
    chosen = [r["clip"] for r in choose_strips(rows)]
    assert chosen == ["b", "c", "w2", "w3"]
    assert [r["clip"] for r in choose_strips(rows[::-1])] == chosen


def test_fewer_clips_than_strips():
    assert [r["clip"] for r in choose_strips([row("only", False, 0.4)])] == ["only"]
    assert choose_strips([]) == []


def test_a_clip_that_is_not_in_the_cache_is_named(striped_cache):
    ids = [clip.id for clip in CropCache(striped_cache).clips]
    assert clips_by_id(striped_cache, [ids[2], ids[0]], 1).clips.tolist() == [2, 0]
    with refused(DataError, "'other.mp4'", striped_cache):
        clips_by_id(striped_cache, [ids[0], "other.mp4"], 1)
