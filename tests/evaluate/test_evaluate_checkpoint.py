"""What a run has seen is not measured, and where that cannot be known the result says so."""

from pathlib import Path

import numpy as np
import pytest
from crop_caches import write_cache
from refused import refused
from small_runs import NOVEL, clips, write_run

from vidfer.errors import DataError, VidferError
from vidfer.evaluate.comparison import check_same
from vidfer.evaluate.episodes import redraw
from vidfer.evaluate.evaluate_checkpoint import evaluate_checkpoint
from vidfer.evaluate.result import load_result

TASK = {"novel": NOVEL, "ways": 2, "shots": 1, "episodes": 20, "frames": 1}


def test_without_official_splits_the_clips_that_the_run_held_out_are_measured(tmp_path):
    cache = write_cache(tmp_path / "c.h5", clips(), size_px=32)
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    found = evaluate_checkpoint(checkpoint, cache.path, **TASK | {"frames": None})
    assert [row["clip"] for row in found["classification"].rows] == [f"{i:02d}.mp4" for i in range(4, 8)]
    assert found["fewshot"].n_clips == 6 and found["fewshot"].note == ""
    for result in found.values():
        assert result.protocol["base_classes"] == "happy, sad" and result.protocol["disjoint_by"] == "subject"
    # The run folder stands for its best checkpoint.
    again = evaluate_checkpoint(tmp_path / "run", cache.path, **TASK | {"frames": None})
    assert again == found
    assert found["fewshot"].protocol["n_frames"] == 2  # as the run was trained with
    with pytest.raises(VidferError, match="was trained or chosen on 4 of the clips"):
        evaluate_checkpoint(checkpoint, cache.path, split="all")


def test_people_that_the_run_has_seen_are_not_measured_few_shot(tmp_path):
    cache = write_cache(tmp_path / "c.h5", clips(["n8", *"bcdefgh"]), size_px=32)
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    with pytest.raises(VidferError, match="subject 'n8' is in the clips that the run has seen"):
        evaluate_checkpoint(checkpoint, cache.path, **TASK)


def test_what_cannot_be_known_is_a_doubt_in_the_result(tmp_path):
    cache = write_cache(tmp_path / "c.h5", clips(), size_px=32)
    other = write_cache(tmp_path / "other.h5", clips(), size_px=40)
    checkpoint = write_run(tmp_path / "run", other, train=range(10), test=range(10, 12))
    found = evaluate_checkpoint(checkpoint, cache.path, split="all", **TASK)
    assert "8 of these clips have the ids of clips that the run has seen" in found["classification"].note
    assert "2 of these clips have the ids of clips that the run has seen" in found["fewshot"].note
    (tmp_path / "run" / "data.json").unlink()
    found = evaluate_checkpoint(checkpoint, cache.path, split="all", **TASK)
    for result in found.values():
        assert "whether it was trained on these clips is not known" in result.note


def test_images_are_looked_at_once(tmp_path):
    cache = write_cache(tmp_path / "c.h5", [clip | {"status": "d"} for clip in clips()], size_px=32)
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    found = evaluate_checkpoint(checkpoint, cache.path, **TASK | {"frames": 8})
    assert found["fewshot"].protocol["n_frames"] == found["classification"].protocol["n_frames"] == 1


def test_a_run_of_a_fold_is_measured_on_what_it_held_out(tmp_path):
    """All clips are officially train or test; clips 4..6 and the novel 8..11 are the fold."""
    official = [clip | {"split": "test" if i % 2 else "train"} for i, clip in enumerate(clips())]
    cache = write_cache(tmp_path / "c.h5", official, size_px=32)
    held_out = [f"{i:02d}.mp4" for i in (4, 5, 6, 8, 9, 10, 11)]
    fold = {"name": "2/3", "of": 3, "held_out": held_out, "division_hash": "d0"}
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 7), fold=fold)
    found = evaluate_checkpoint(checkpoint, cache.path, **TASK)
    assert [row["clip"] for row in found["classification"].rows] == held_out[:3]
    assert [row["clip"] for row in found["fewshot"].rows] == held_out[3:]
    for result in found.values():
        assert {n: result.protocol[n] for n in ("fold", "folds", "division_hash")} == {
            "fold": "2/3", "folds": 3, "division_hash": "d0"
        }  # fmt: skip
        assert result.split == "test"
    with pytest.raises(VidferError, match="was trained or chosen on 4 of the clips to measure"):
        evaluate_checkpoint(checkpoint, cache.path, split="all")
    # A fold may hold out people of novel classes alone.
    only = write_run(tmp_path / "only", cache, train=range(4), test=range(0), fold=fold)
    assert evaluate_checkpoint(only, cache.path, **TASK).keys() == {"fewshot"}
    with pytest.raises(VidferError, match="no clip of split 'test'"):
        evaluate_checkpoint(only, cache.path)
    (tmp_path / "run" / "data.json").unlink()
    with pytest.raises(VidferError, match=r"trained on all but fold 2/3, and data.json"):
        evaluate_checkpoint(checkpoint, cache.path, **TASK)


def test_what_a_run_started_from_has_seen_is_not_measured(tmp_path):
    cache = write_cache(tmp_path / "c.h5", clips(), size_px=32)
    first = write_run(tmp_path / "first", cache, train=range(8, 10), test=range(0))
    second = write_run(tmp_path / "second", cache, train=range(0), test=range(0), init=str(first))
    run = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8), teacher=str(second))
    with pytest.raises(VidferError, match="run was trained or chosen on 2 of the novel clips"):
        evaluate_checkpoint(run, cache.path, **TASK)
    assert evaluate_checkpoint(run, cache.path)["classification"].note == ""
    (tmp_path / "first" / "data.json").unlink()
    doubtful = evaluate_checkpoint(run, cache.path, **TASK)["fewshot"]
    assert doubtful.note == "--init had no run folder: what clips it has seen is not known"
    assert doubtful.protocol["disjoint_by"] == "not known"
    trained_on = evaluate_checkpoint(run, cache.path, split="train")["classification"]
    assert trained_on.protocol["disjoint_by"] == "nothing"
    # What a run started from has seen in a cache of other crops is told by its ids.
    other = write_cache(tmp_path / "other.h5", clips(), size_px=40)
    write_run(tmp_path / "first", other, train=range(8, 10), test=range(0))
    note = evaluate_checkpoint(run, cache.path, **TASK)["fewshot"].note
    assert note == "2 of these clips have the ids of clips that the run has seen, from another cache"


def test_the_queries_of_an_episode_can_be_judged_together(tmp_path):
    cache = write_cache(tmp_path / "c.h5", clips(), size_px=32)
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    task = TASK | {"queries": 2, "frames": 1}
    alone, together = (
        evaluate_checkpoint(checkpoint, cache.path, **task, transductive=t)["fewshot"] for t in (False, True)
    )
    assert alone.protocol["episodes_hash"] == together.protocol["episodes_hash"]
    assert [r.protocol["inference"] for r in (alone, together)] == ["inductive", "transductive"]
    assert "2-way 1-shot transductive:" in together.summary() and "transductive" not in alone.summary()
    answers = [sum(sum(row["answers"].values()) for row in r.rows) for r in (alone, together)]
    assert answers == [20 * 2 * 2] * 2


def test_a_result_says_what_it_owes_to_knowing_who_it_is(tmp_path):
    # Three people show both novel classes, in two clips each.
    people = [{"id": f"{i:02d}.mp4", "label": NOVEL[i % 2], "subject": f"n{i // 4}"} for i in range(8, 20)]
    cache = write_cache(tmp_path / "c.h5", [*clips()[:8], *people], size_px=32)
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    anybody, others = (
        evaluate_checkpoint(checkpoint, cache.path, **TASK, other_people=o)["fewshot"] for o in (False, True)
    )
    assert [r.queries_of for r in (anybody, others)] == ["anybody", "other people"]
    assert "2-way 1-shot, of other people: " in others.summary() and "people" not in anybody.summary()
    subject = [row["subject"] for row in anybody.rows]

    def known(result):
        drawn = redraw(result)  # also of other people: the file alone says which episodes they were
        same = [
            [subject[q] == subject[s] for q, s in zip(query, support)]
            for query, support in zip(drawn.query, drawn.support)
        ]
        return np.mean(same)

    assert known(others) == 0 < known(anybody)
    counts = anybody.same_person
    assert counts["asked"] / 40 == known(anybody) and others.same_person is None
    assert counts["asked"] + counts["others_asked"] <= 40 and counts["right"] <= counts["asked"]
    said = f"{counts['asked']} queries ({100 * known(anybody):.1f} %) are of a person who is also an example"
    assert anybody.owed_to_knowing_who().startswith(said)
    assert others.owed_to_knowing_who() == others.note == ""
    assert load_result(saved(others, tmp_path)) == others
    with pytest.raises(
        VidferError, match="b and a are not about the same episodes: queries of other people and"
    ):
        check_same("a", anybody, "b", others)


def saved(result, folder: Path) -> Path:
    result.save(folder / "fewshot.json")
    return folder / "fewshot.json"


def test_queries_of_other_people_need_people(tmp_path):
    nobody = [{k: v for k, v in clip.items() if k != "subject"} for clip in clips()]
    cache = write_cache(tmp_path / "c.h5", nobody, size_px=32)
    checkpoint = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    with refused(DataError, "clip '08.mp4'", "vidfer relabel", "c.h5"):
        evaluate_checkpoint(checkpoint, cache.path, **TASK, other_people=True)
    with pytest.raises(VidferError, match=r"--transductive with --other-people: .*ask one of both"):
        evaluate_checkpoint(checkpoint, cache.path, **TASK, other_people=True, transductive=True)
